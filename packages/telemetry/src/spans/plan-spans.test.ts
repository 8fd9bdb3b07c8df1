import { expect, test } from 'vitest';
import { type DrawnRecorder, drawnCommand, drawnRecorders } from '../../../../test/support/drawn-recorder.ts';
import { spanList } from '../../../../test/support/span-list.ts';
import { traceIdOfAttempt, traceIdOfCommand } from '../trace-ids.ts';
import type { LogEvidence, SpanEvidence } from './evidence.ts';
import type { PlanContext } from './plan-context.ts';
import { planSpans } from './plan-spans.ts';
import { createPlanState } from './plan-state.ts';
import type { RankEnd } from './rank-end.ts';
import { defaultSpanRules } from './span-rules.ts';

const traceNames = { [traceIdOfCommand(drawnCommand)]: 'command', [traceIdOfAttempt('i', 1)]: 'attempt' };

function contextOf(rank: number, more: Partial<PlanContext> = {}): PlanContext {
  const identity = { runnerId: `r${rank}`, nodeId: 'n', instanceId: 'i', modelId: 'm', rank, worldSize: 2, attempt: 1 };
  return { identity, bornNs: 0n, wallAtNs: (ns) => ns, hasPlane: true, rules: defaultSpanRules, ...more };
}

/** As a plane does it: looks once a second, and sees to the end when the process is gone. */
function watch(
  { rank, entries, looksNs, killedNs }: DrawnRecorder,
  how?: Partial<RankEnd>,
  more?: Partial<PlanContext>,
) {
  const context = contextOf(rank, more);
  const spans: SpanEvidence[] = [];
  const logs: LogEvidence[] = [];
  let state = createPlanState(context.rules.phasesAtOnce);
  const look = (untilNs: bigint, ended: RankEnd | null) => {
    const fresh = entries.filter(({ n, tMonoNs }) => n >= state.next && tMonoNs <= untilNs);
    const planned = planSpans(state, { entries: fresh, nowNs: untilNs, ended }, context);
    spans.push(...planned.spans);
    logs.push(...planned.logs);
    state = planned.state;
  };
  for (const lookNs of looksNs) look(lookNs, null);
  const end: RankEnd = { kind: 'killed', detail: 'signal SIGKILL', stalled: false, lastLifeNs: killedNs, ...how };
  if (killedNs !== null) look(killedNs + 1_000_000_000n, end);
  return { spans, logs };
}

function drawn(text: string): DrawnRecorder {
  const [recorder] = drawnRecorders(text);
  if (recorder === undefined) throw new Error('nothing is drawn');
  return recorder;
}

test('a rank that hangs is told of while it hangs, and ends as a hang when it is killed', () => {
  const { spans, logs } = watch(drawn('rank 0  ,GGll..sAbfdDDDDDDDDDDDDDX'));
  expect(`\n${spanList(spans, traceNames)}\n`).toBe(`
attempt   0   *  instance i attempt 1
attempt   0   *  rank 0 < instance i attempt 1
attempt   0   1  created < rank 0
attempt   1   2  connect_group < rank 0
attempt   3   2  load_model < rank 0
attempt   5   2  idle < rank 0
command   7   *  rank 0 < ? -> rank 0
command   7   1  task_submission < rank 0
attempt   8   1  task_agreement < rank 0
command   9   1  prompt_build < rank 0
command  10   1  prefill_stream < rank 0
command  11   1  decode_stream < rank 0
command  12   5  decode_barrier (in progress) < rank 0 -> decode_barrier stall 1
command  12  10  decode_barrier (in progress) < rank 0 -> decode_barrier stall 2
command  12  13  decode_barrier < rank 0 stall 2 ERROR killed_after_hang
`);
  expect(logs.map(({ eventName, body }) => `${eventName}: ${body}`)).toEqual([
    'rankscope.phase.stalled: rank 0 has been in decode_barrier for 5 s, in all_sum 2',
    'rankscope.phase.stalled: rank 0 has been in decode_barrier for 10 s, in all_sum 2',
    'rankscope.rank.lost: rank 0 is lost in decode_barrier: killed_after_hang (signal SIGKILL)',
  ]);
});

test('a task that ends well is a task, and a rank that is not the first makes no root', () => {
  const { spans, logs } = watch(drawn('rank 1  .sbfdDdD!...'));
  expect(`\n${spanList(spans, traceNames)}\n`).toBe(`
attempt   0   *  rank 1 < ?
attempt   0   1  idle < rank 1
command   1   *  rank 1 < ? -> rank 1
command   1   1  task_submission < rank 1
command   2   1  prompt_build < rank 1
command   3   1  prefill_stream < rank 1
command   4   1  decode_stream < rank 1
command   5   1  decode_barrier < rank 1
command   6   1  decode_stream < rank 1
command   7   1  decode_barrier < rank 1
command   8   1  completion < rank 1
command   2   7  task < rank 1
`);
  expect(logs).toEqual([]);
});

test('to rest is no hang, however long, and dying of it is no hang either', () => {
  const { spans, logs } = watch(drawn(`rank 1  ${'.'.repeat(90)}X`));
  expect(`\n${spanList(spans, traceNames)}\n`).toBe(`
attempt   0   *  rank 1 < ?
attempt   0  90  idle < rank 1 ERROR killed
`);
  expect(logs.map(({ body }) => body)).toEqual(['rank 1 is lost in idle: killed (signal SIGKILL)']);
});

test('how a rank ended is the error of its last phase', () => {
  const recorder = drawn('rank 1  sdDX');
  const lastOf = (how: Partial<RankEnd>) => watch(recorder, how).spans.at(-1);
  for (const [how, type] of [
    [{}, 'killed'],
    [{ stalled: true }, 'killed_after_hang'],
    [{ kind: 'peer_lost', detail: 'code 13' }, 'peer_lost'],
    [{ kind: 'exited', detail: 'code 11', stalled: true }, 'exited'],
  ] as const) {
    const last = lastOf(how);
    expect([last?.name, last?.attributes['error.type'], last?.attributes['rankscope.span.state']]).toEqual([
      'decode_barrier',
      type,
      'lost',
    ]);
    expect(last?.error).toContain(how.detail ?? 'signal SIGKILL');
  }
});

test('a rank that was asked to end and did is not lost', () => {
  const { spans, logs } = watch(drawn('rank 1  ..zX'), { kind: 'clean', detail: 'code 0' });
  expect(logs).toEqual([]);
  expect(spans.at(-1)?.attributes['error.type']).toBe('exited');
});

test('where there is no plane the anchors of ranks are roots, and no parent is missing', () => {
  const { spans } = watch(drawn('rank 0  .sdD!.'), {}, { hasPlane: false });
  expect(spanList(spans, traceNames)).not.toContain('?');
  expect(spans.filter(({ parentSpanId }) => parentSpanId === null).map(({ name }) => name)).toEqual([
    'rank 0',
    'rank 0',
  ]);
});

test('a phase that gets on is long, and is not said to be stalled', () => {
  const recorder = drawn('rank 0  llllllllllll');
  const progress = recorder.looksNs.map((at) => ({ at: at - 1n }));
  const entries = [...recorder.entries];
  for (const { at } of progress)
    entries.push({
      ...(entries[0] as (typeof entries)[number]),
      n: entries.length,
      tMonoNs: at,
      kind: 'mark',
      event: 'progress',
    });
  const { spans, logs } = watch({ ...recorder, entries });
  expect(spans.filter(({ name }) => name === 'load_model (in progress)')).toHaveLength(2);
  expect(logs).toEqual([]);
});
