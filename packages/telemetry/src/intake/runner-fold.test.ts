import type { EntrySource } from '@rankscope/schema';
import { expect, test } from 'vitest';
import {
  defaultTraceId,
  nowNs,
  nowUs,
  type SaidSpan,
  traceRequest,
} from '../../../../test/support/otlp/otlp-request.ts';
import { describeTelemetryRunner } from './describe-runner.ts';
import { createOtlpReader } from './otlp-reader.ts';
import { foldRows, newRunnerState, type RunnerState } from './runner-fold.ts';

const source: EntrySource = {
  nodeId: 'n',
  runnerId: 'r',
  instanceId: 'i',
  modelId: 'm',
  deviceRank: 1,
  worldSize: 2,
  attempt: 1,
  recorder: '',
};
const second = 1_000_000_000n;
/** Midday minus `seconds`. */
const ago = (seconds: number) => nowNs - BigInt(Math.round(seconds * 1e9));

/** What a rank that sends these spans, request by request, comes to. */
function stateAfter(...requests: SaidSpan[][]): RunnerState {
  const reader = createOtlpReader({ nowUs: () => nowUs, knowsRunner: () => false });
  const state = newRunnerState(source, nowUs);
  for (const spans of requests) {
    reader.read('traces', traceRequest(spans).protobuf, 'protobuf');
    const batch = reader.take();
    foldRows(
      batch.sources.map(() => state),
      batch,
    );
  }
  return state;
}

const describeNow = (state: RunnerState, superseded = false) =>
  describeTelemetryRunner(state, { nowUs, superseded, worldSize: 2, flightRecorder: [] });
const phaseAfter = (...requests: SaidSpan[][]) => describeNow(stateAfter(...requests)).phase;

/** A span that was open from `from` to `to` seconds ago; `to` null: it still is. */
const span = (name: string, from: number, to: number | null, more: SaidSpan = {}): SaidSpan => ({
  name,
  startNs: ago(from),
  endNs: to === null ? 0n : ago(to),
  ...more,
});

test('a rank is in the innermost phase that is open', () => {
  const outer = span('decode_stream', 8, null);
  expect(describeNow(stateAfter([outer]))).toMatchObject({ phase: 'decode_stream', secondsInPhase: 8 });
  expect(phaseAfter([outer], [span('decode_barrier', 4, null)])).toBe('decode_barrier');
});

test('when the inner phase ends the outer one goes on, since when it began', () => {
  const outer = span('decode_stream', 8, null);
  const inner = span('decode_barrier', 4, null, { spanId: '00000000000000d1' });
  const state = stateAfter([outer], [inner], [{ ...inner, endNs: ago(1) }]);
  expect(describeNow(state)).toMatchObject({ phase: 'decode_stream', secondsInPhase: 8 });
});

test('spans that have ended say nothing of one that began later and is open', () => {
  const hung = span('decode_barrier', 3, null);
  const ended = [span('decode_barrier', 9, 8), span('idle', 7, 6), span('decode_stream', 5, 4)];
  expect(phaseAfter([hung], ended)).toBe('decode_barrier');
});

test('who enters a phase again has left it before, and who rests has left everything', () => {
  expect(
    describeNow(stateAfter([span('decode_stream', 9, null)], [span('decode_stream', 2, null)])).secondsInPhase,
  ).toBe(2);
  expect(stateAfter([span('decode_stream', 9, null)], [span('decode_stream', 5, 4)]).open).toEqual([]);
  expect(phaseAfter([span('prefill_stream', 9, null), span('decode_barrier', 8, null)], [span('idle', 2, null)])).toBe(
    'idle',
  );
});

test('a rank that sends only what has ended is where it was last, and no time is counted after that', () => {
  const described = describeNow(
    stateAfter([span('decode_barrier', 5, 4), span('decode_stream', 4, 3), span('parser', 9, 8)]),
  );
  expect(described).toMatchObject({ phase: 'decode_stream', secondsInPhase: 1, activeCommandId: null });
  expect(described.phaseDetail).toMatch(/^left at 20/);
  expect(described.rankscope?.secondsSinceProgress).toBe(3);
});

test('an open collective is the place where the rank stands, and the last that it left is known', () => {
  const attributes = (n: number) => ({ 'rankscope.op': 'all_sum', 'rankscope.group': 0, 'rankscope.barrier.seq': n });
  const described = describeNow(
    stateAfter([
      span('decode_barrier', 6, 5, { attributes: attributes(46) }),
      span('decode_barrier', 4, null, { attributes: attributes(47) }),
    ]),
  );
  expect(described.phaseDetail).toBe('all_sum 47');
  expect(described.rankscope).toMatchObject({ openSite: { op: 'all_sum', barrierSeq: 47, seconds: 4 }, lastLeft: 46 });
});

test('a marker says in which collective the rank stands, and is no progress', () => {
  const marker: SaidSpan = {
    ...span('decode_stream (in progress)', 9, 1),
    attributes: { 'rankscope.span.state': 'in_progress', 'rankscope.op': 'all_sum', 'rankscope.barrier.seq': 47 },
    links: [{ traceId: defaultTraceId, spanId: '00000000000000d7' }],
  };
  const described = describeNow(stateAfter([marker]));
  expect(described).toMatchObject({ phase: 'decode_stream', secondsInPhase: 9, phaseDetail: 'all_sum 47' });
  expect(described.rankscope?.secondsSinceProgress).toBe(9);
  const ended = describeNow(stateAfter([marker], [span('decode_stream', 9, 0, { spanId: '00000000000000d7' })]));
  expect(ended.rankscope?.openSite).toBeNull();
});

test('a rank that was lost has ended where it was, until it is heard again', () => {
  const lost = span('decode_barrier', 9, 5, {
    attributes: { 'rankscope.span.state': 'lost', 'error.type': 'killed' },
    status: { code: 2 },
  });
  const state = stateAfter([lost]);
  const ended = describeNow(state);
  expect(ended).toMatchObject({
    phase: 'decode_barrier',
    secondsInPhase: 4,
    processAlive: false,
    statusKind: 'RunnerFailed',
  });
  expect(ended.rankscope?.errorMessage).toBe('killed');
  expect(describeNow(stateAfter([lost], [span('idle', 2, null)]))).toMatchObject({ processAlive: true, phase: 'idle' });
});

test('a rank whose place another process has taken has ended', () => {
  const described = describeNow(stateAfter([span('idle', 2, null)]), true);
  expect(described).toMatchObject({ processAlive: false, statusKind: 'RunnerShutdown' });
});

test('the newest memory counts, whenever it comes', () => {
  const bytes = (n: number) => ({ attributes: { 'rankscope.mlx.memory.active': n } });
  const state = stateAfter([span('decode_stream', 3, 2, bytes(20))], [span('decode_stream', 9, 8, bytes(10))]);
  expect(describeNow(state).lastMlxMemory?.active).toEqual({ inBytes: 20 });
});

test('a phase that begins again in the request that ends it is open', () => {
  const first = span('decode_stream', 9, null, { spanId: '00000000000000d8' });
  const again = span('decode_stream', 2, null);
  const state = stateAfter([first], [again, { ...first, endNs: ago(3) }]);
  expect(describeNow(state)).toMatchObject({ phase: 'decode_stream', secondsInPhase: 2 });
});

test('completed tasks are counted', () => {
  expect(describeNow(stateAfter([span('completion', 3, 3), span('completion', 2, 2)])).completedTaskCount).toBe(2);
});

test('phases that never end do not pile up', () => {
  const open = Array.from({ length: 100 }, (_, i) =>
    span('x', 99 - i, null, { attributes: { 'rankscope.phase': `phase_${i}` }, startNs: ago(99 - i) + second }),
  );
  const state = stateAfter(open);
  expect(state.open).toHaveLength(16);
  expect(state.open.at(-1)?.phase).toBe('phase_99');
});
