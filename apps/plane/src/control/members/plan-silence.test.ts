import { reportSilenceMs } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { forgetAfterMs, type MemberState } from './member-state.ts';
import { planSilence } from './plan-silence.ts';

const node = (nodeId: string, lastReportMs: number, reportsSinceMs: number | null) => ({
  ...{ nodeId, url: `http://${nodeId}:1`, friendlyName: null, version: '0', incarnation: 'i', bootId: 'b' },
  ...{ lastReportMs, reportsSinceMs },
});
const nowMs = 10 * forgetAfterMs;
const state: MemberState = {
  revision: 3,
  departed: [],
  members: [
    node('reporting', nowMs - reportSilenceMs, 1),
    node('fallen-silent', nowMs - reportSilenceMs - 1, 1),
    node('long-silent', nowMs - forgetAfterMs, null),
    node('forgotten', nowMs - forgetAfterMs - 1, null),
  ],
};
const names = (members: readonly { nodeId: string }[]) => members.map(({ nodeId }) => nodeId);

test('a node that falls silent is told of once and stays expected; after a day nobody waits for it', () => {
  const plan = planSilence(state, nowMs);
  expect([names(plan.silent), names(plan.forgotten)]).toEqual([['fallen-silent'], ['forgotten']]);
  expect(plan.state.members.map(({ nodeId, reportsSinceMs }) => [nodeId, reportsSinceMs])).toEqual([
    ['reporting', 1],
    ['fallen-silent', null],
    ['long-silent', null],
  ]);
  expect(plan.state.revision, 'one is gone from the list').toBeGreaterThan(state.revision);
  expect(planSilence(plan.state, nowMs)).toEqual({ state: plan.state, silent: [], forgotten: [] });
});

test('silence alone is no news for the nodes', () => {
  const members = state.members.slice(0, 3);
  expect(planSilence({ ...state, members }, nowMs).state.revision).toBe(state.revision);
});
