import { expect, test } from 'vitest';
import { leastPauseMs, longestPauseMs, type Outcome, planReporting, startReportingState } from './plan-reporting.ts';

const answered: Outcome = { kind: 'answered', masterNodeId: 'l', nodes: 2 };
const failed = (error: string, status: number | null = null, code?: string): Outcome => ({
  kind: 'failed',
  error,
  status,
  problem: code === undefined ? null : { detail: `because ${code}`, error: { message: '', type: code, code } },
});
const refused = failed('refused');

/** What is said at each of these outcomes, `-` for nothing, and the pauses. */
function say(outcomes: readonly Outcome[], more: { hasJoinToken?: boolean; random?: number } = {}) {
  let state = startReportingState(0);
  const pauses: number[] = [];
  const said = outcomes.map((outcome, at) => {
    const plan = planReporting(state, outcome, { nowMs: at, random: 1, hasJoinToken: true, ...more });
    state = plan.next;
    pauses.push(plan.pauseMs);
    return plan.say === null ? '-' : `${plan.say.level}: ${plan.say.message}`;
  });
  return { said, pauses, state };
}

test('that the leader has gone is said once, and once that it is back', () => {
  const { said, state } = say([answered, answered, refused, failed('no answer in 6000 ms'), answered, refused]);
  expect(said).toEqual([
    'info: this plane has joined the cluster',
    '-',
    'warn: the leader does not answer: refused',
    '-',
    'info: the leader answers again',
    'warn: the leader does not answer: refused',
  ]);
  expect(state).toMatchObject({ answers: false, sinceMs: 5, error: 'the leader does not answer: refused' });
});

test('every kind of refusal is said once, in words that name what to set', () => {
  const { said } = say([
    failed('HTTP 401', 401),
    failed('HTTP 401', 401),
    failed('x', 409, 'node_id_taken'),
    failed('HTTP 401', 401),
  ]);
  expect(said).toEqual([
    'error: the leader refuses this plane: RANKSCOPE_JOIN_TOKEN here is not the RANKSCOPE_JOIN_TOKEN of the leader',
    '-',
    'error: the leader refuses this plane: because node_id_taken',
    '-',
  ]);
  expect(say([failed('HTTP 401', 401)], { hasJoinToken: false }).said[0]).toMatch(/set RANKSCOPE_JOIN_TOKEN here/);
  expect(say([failed('HTTP 404', 404)]).said[0]).toMatch(/takes no reports \(HTTP 404\): it is no Rankscope plane/);
  expect(say([failed('HTTP 503: later', 503, 'overloaded')]).said[0]).toMatch(
    /^warn: the leader does not answer: HTTP 503/,
  );
});

test('a leader that is away is asked less and less often, never at one moment by all, and never seldom', () => {
  const many = Array.from({ length: 40 }, () => refused);
  expect(say(many).pauses.slice(0, 5)).toEqual([250, 500, 1_000, 2_000, longestPauseMs]);
  expect(Math.max(...say(many).pauses)).toBe(longestPauseMs);
  expect(say(many, { random: 0 }).pauses.slice(0, 2)).toEqual([125, 250]);
  expect(say([refused, refused, answered, refused]).pauses).toEqual([250, 500, leastPauseMs, 250]);
});
