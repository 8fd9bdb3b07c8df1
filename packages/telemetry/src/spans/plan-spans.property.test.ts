import type { RingEntry } from '@rankscope/flight-recorder';
import { runnerPhases } from '@rankscope/schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeEntry } from '../../../../test/support/drawn-recorder.ts';
import type { SpanEvidence } from './evidence.ts';
import type { PlanContext } from './plan-context.ts';
import { type Planned, planSpans } from './plan-spans.ts';
import { createPlanState, type PlanState } from './plan-state.ts';
import type { RankEnd } from './rank-end.ts';
import { spanIdOf } from './span-id.ts';
import { defaultSpanRules } from './span-rules.ts';

const identity = { runnerId: 'r', nodeId: 'n', instanceId: 'i', modelId: 'm', rank: 0, worldSize: 2, attempt: 1 };
const context: PlanContext = {
  identity,
  bornNs: 0n,
  wallAtNs: (ns) => ns + 10n ** 18n,
  hasPlane: true,
  rules: { ...defaultSpanRules, sampleOneIn: 3, phasesPerSecond: 5, phasesAtOnce: 20 },
};
const killed: RankEnd = { kind: 'killed', detail: 'signal SIGKILL', stalled: false, lastLifeNs: null };

const commands = ['01a20fb7-b532-7fc7-8000-000000000001', '01a20fb7-b532-7fc7-8000-000000000002', null];
const anyEntry = fc.record({
  gapNs: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 30_000_000n }), fc.constant(7_000_000_000n)),
  lost: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 50 }) }),
  phase: fc.constantFrom(...runnerPhases.slice(0, 18)),
  kind: fc.constantFrom('enter', 'exit', 'mark'),
  event: fc.constantFrom('enter', 'exit', 'exception', 'error', 'task_begin', 'task_end', 'progress'),
  op: fc.constantFrom(null, null, 'all_sum'),
  cell: fc.constantFrom(0, 0, 1, 2),
  commandId: fc.constantFrom(...commands),
  rare: fc.boolean(),
  text: fc.constantFrom(null, 'stop', 'peer_lost: rank 1', 'anything'),
});

function entriesOf(drafts: readonly (typeof anyEntry extends fc.Arbitrary<infer E> ? E : never)[]): RingEntry[] {
  let n = 0;
  let atNs = 1_000n;
  return drafts.map(({ gapNs, lost, ...more }) => {
    n += lost;
    atNs += gapNs;
    const taskId = more.commandId;
    return makeEntry(n++, atNs, { ...more, taskId, barrierSeq: more.op === null ? null : n });
  });
}

/** Reads in pieces of these sizes and looks between them; `stops` are pieces after which the reader dies unacknowledged. */
function read(entries: readonly RingEntry[], pieces: readonly number[], stops: ReadonlySet<number>, watching: boolean) {
  let state: PlanState = createPlanState(context.rules.phasesAtOnce);
  const sent: SpanEvidence[] = [];
  const doubles: SpanEvidence[] = [];
  let at = 0;
  for (let piece = 0; at < entries.length; piece += 1) {
    const taken = entries.slice(at, at + (pieces[piece % pieces.length] ?? 1));
    const nowNs = watching ? (taken.at(-1)?.tMonoNs ?? 0n) : null;
    const ask = (): Planned => planSpans(state, { entries: taken, nowNs, ended: null }, context);
    // What was planned and not acknowledged is planned again from what was kept.
    if (stops.has(piece)) doubles.push(...ask().spans);
    const planned = ask();
    sent.push(...planned.spans);
    state = planned.state;
    at += taken.length;
  }
  const last = planSpans(state, { entries: [], nowNs: null, ended: killed }, context);
  return { spans: [...sent, ...last.spans], doubles, after: last.state };
}

const runs = fc.tuple(
  fc.array(anyEntry, { maxLength: 120 }),
  fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
  fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 4 }),
);

test('no id comes twice, no parent is missing or late, and every span has a length, however the recorder is read', () => {
  fc.assert(
    fc.property(runs, ([drafts, pieces]) => {
      const { spans } = read(entriesOf(drafts), pieces, new Set(), true);
      const ids = spans.map(({ spanId }) => spanId);
      expect(new Set(ids).size).toBe(ids.length);
      const known = new Set(
        [...new Set(spans.map(({ traceId }) => traceId))].map((traceId) => spanIdOf({ traceId, kind: 'command' })),
      );
      for (const { spanId, parentSpanId, startNs, endNs } of spans) {
        expect(parentSpanId === null || known.has(parentSpanId)).toBe(true);
        expect(endNs > startNs).toBe(true);
        known.add(spanId);
      }
    }),
    { numRuns: 400 },
  );
});

test('read in other pieces it is the same spans', () => {
  fc.assert(
    fc.property(runs, ([drafts, pieces]) => {
      const entries = entriesOf(drafts);
      const whole = read(entries, [entries.length || 1], new Set(), false).spans;
      expect(read(entries, pieces, new Set(), false).spans).toEqual(whole);
    }),
    { numRuns: 200 },
  );
});

test('a batch that is made again after a crash is the same batch', () => {
  fc.assert(
    fc.property(runs, ([drafts, pieces, stops]) => {
      const { spans, doubles } = read(entriesOf(drafts), pieces, new Set(stops), true);
      const byId = new Map(spans.map((span) => [span.spanId, span]));
      for (const double of doubles) expect(double).toEqual(byId.get(double.spanId));
    }),
    { numRuns: 200 },
  );
});

test('after the end nothing is said any more', () => {
  const { after } = read(entriesOf([]), [1], new Set(), true);
  const again = planSpans(after, { entries: [makeEntry(0, 5n, {})], nowNs: 9n ** 12n, ended: killed }, context);
  expect(again.spans).toEqual([]);
  expect(again.logs).toEqual([]);
});
