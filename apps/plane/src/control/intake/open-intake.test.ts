import { createLog } from '@rankscope/daemon';
import { NodeDiagnostics } from '@rankscope/schema';
import { stitch } from '@rankscope/timeline';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { nowNs, type SaidSpan, type SaidValue, traceRequest } from '../../../../../test/support/otlp/otlp-request.ts';
import { StoreFullError, type Tailed } from '../entries/entry-store.ts';
import { type Intake, type IntakeOptions, openIntake } from './open-intake.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const log = createLog({ level: 'error', wallNs: () => nowNs, write: () => undefined });

function open(more: Partial<IntakeOptions> = {}): Intake {
  const nobody = () => false;
  return openIntake({ wallNs: () => nowNs, log, knowsRunner: nobody, expectsNode: nobody, onBatch: null, ...more });
}

const ofRank = (rank: number, more: Record<string, SaidValue> = {}) => ({
  'rankscope.rank': rank,
  'rankscope.world_size': 2,
  'service.name': 'runtime',
  'service.instance.id': `process-${rank}`,
  'host.name': `host-${rank}`,
  ...more,
});

const send = (intake: Intake, spans: readonly SaidSpan[], resource: Record<string, SaidValue>) =>
  intake.acceptTraces(traceRequest(spans, resource).protobuf, 'protobuf');

const timelineOf = (intake: Intake, limit = 1_024) =>
  stitch({
    generatedAt: '2026-11-18T12:00:00.000000Z',
    localNodeId: 'me',
    masterNodeId: 'me',
    query: { limit },
    nodes: intake.nodes(limit),
  });

test('ranks that only send telemetry stand in the timeline like any other, at once', () => {
  const intake = open();
  send(intake, [{ name: 'decode_barrier', endNs: 0n }], ofRank(0));
  send(intake, [{ name: 'decode_stream' }], ofRank(1));
  const { timeline, analysis } = timelineOf(intake);
  expect(timeline.runners).toMatchObject([
    { nodeId: 'host-0', deviceRank: 0, worldSize: 2, phase: 'decode_barrier', processAlive: true },
    { nodeId: 'host-1', deviceRank: 1, worldSize: 2, phase: 'decode_stream' },
  ]);
  expect(timeline.timeline.map(({ deviceRank, event }) => [deviceRank, event])).toEqual([
    [0, 'enter'],
    [1, 'enter'],
    [1, 'exit'],
  ]);
  expect(timeline.unreachableNodes).toEqual([]);
  expect(analysis.instances).toMatchObject([{ instanceId: 'runtime', missingRanks: [] }]);
  for (const node of intake.nodes(10))
    expect(NodeDiagnostics.safeParse(node.kind === 'ok' && node.diagnostics).success).toBe(true);
});

test('telemetry does not answer in the name of a node that should answer for itself', () => {
  const intake = open({ expectsNode: (nodeId) => nodeId === 'host-0' });
  send(intake, [{}], ofRank(0));
  const [node] = intake.nodes(1);
  expect(node?.nodeId).toBe('host-0 (telemetry)');
  expect(timelineOf(intake).timeline.runners[0]?.nodeId).toBe('host-0');
});

test('a rank that a plane turns out to run is left to that plane', () => {
  const known = new Set<string>();
  const intake = open({ knowsRunner: (runnerId) => known.has(runnerId) });
  send(intake, [{}], ofRank(0, { 'rankscope.runner.id': 'r0' }));
  expect(intake.nodes(1)).toHaveLength(1);
  known.add('r0');
  expect(intake.nodes(1)).toEqual([]);
  send(intake, [{}], ofRank(0, { 'rankscope.runner.id': 'r0' }));
  expect(intake.facts()).toMatchObject({ spans: { shown: 1, doubles: 1 } });
});

test('a process that was started anew takes the place of the old one', () => {
  let now = nowNs;
  const intake = open({ wallNs: () => now });
  send(intake, [{ endNs: 0n }], ofRank(0));
  intake.nodes(0);
  now += 5_000_000_000n;
  send(intake, [{ endNs: 0n }], ofRank(0, { 'service.instance.id': 'another' }));
  const { runners } = timelineOf(intake).timeline;
  expect(runners.map(({ processAlive }) => processAlive).sort()).toEqual([false, true]);
});

test('rows reach the store in the order in which they came, and are gone from the queue when it has them', async () => {
  const kept: Tailed[] = [];
  const intake = open({ onBatch: async (tailed) => void kept.push(tailed) });
  send(intake, [{ name: 'idle' }], ofRank(0));
  expect(intake.facts()).toMatchObject({ liveRows: 2, store: { waitingRows: 0 } });
  await vi.advanceTimersByTimeAsync(100);
  send(intake, [{ name: 'parser' }], ofRank(0));
  await vi.advanceTimersByTimeAsync(100);
  expect(kept.map(({ nodeId, cursor, diagnostics, batch }) => [nodeId, cursor, diagnostics, batch.rows])).toEqual([
    ['telemetry', '', null, 2],
    ['telemetry', '', null, 2],
  ]);
  expect(kept[0]?.batch.strings).toContain('idle');
  expect(intake.facts().store).toMatchObject({ keptRows: 4, waitingRows: 0, trouble: null });
});

test('a store that is full is asked again, and senders are told to come later before anything is lost', async () => {
  let full = true;
  const kept: Tailed[] = [];
  const intake = open({
    onBatch: async (tailed) => {
      if (full) throw new StoreFullError('4 batches wait');
      kept.push(tailed);
    },
  });
  const spans = Array.from({ length: 1_000 }, (): SaidSpan => ({}));
  let taken = 0;
  for (let n = 0; n < 200; n += 1) {
    const accepted = send(intake, spans, ofRank(n % 2));
    await vi.advanceTimersByTimeAsync(1);
    if (accepted.kind !== 'taken') {
      expect(accepted).toEqual({
        kind: 'busy',
        reason: expect.stringMatching(/^\d+ entries wait to be written, the entry store says: 4/),
      });
      break;
    }
    taken += 1;
  }
  expect(taken).toBeLessThan(140);
  expect(intake.facts()).toMatchObject({ busy: 1, liveRows: taken * 2_000, store: { waitingRows: taken * 2_000 } });
  full = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(kept.reduce((sum, { batch }) => sum + batch.rows, 0)).toBe(taken * 2_000);
  expect(send(intake, spans, ofRank(0)).kind).toBe('taken');
});

test('the store is given more than one batch at a time, in order, and those that it refuses again', async () => {
  const given: string[] = [];
  const answers: { done: () => void; fail: () => void }[] = [];
  const intake = open({
    onBatch: ({ batch }) =>
      new Promise((done, fail) => {
        given.push(batch.strings.find((text) => /^step_/.test(text)) ?? '');
        answers.push({ done, fail: () => fail(new StoreFullError('full')) });
      }),
  });
  for (let n = 0; n < 5; n += 1) {
    send(intake, [{ attributes: { 'rankscope.phase': `step_${n}` } }], ofRank(0));
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(given).toEqual(['step_0', 'step_1', 'step_2', 'step_3', 'step_4']);
  for (const at of [0, 1, 3]) answers[at]?.fail();
  for (const at of [2, 4]) answers[at]?.done();
  await vi.advanceTimersByTimeAsync(200);
  expect(given.slice(5)).toEqual(['step_0', 'step_1', 'step_3']);
  for (const { done } of answers) done();
  await vi.advanceTimersByTimeAsync(1);
  expect(intake.facts().store).toMatchObject({ waitingRows: 0, keptRows: 10, trouble: null });
});

test('what is not on disk when the plane ends is counted', async () => {
  const intake = open({ onBatch: () => new Promise(() => undefined) });
  send(intake, [{}], ofRank(0));
  const closing = intake.close();
  await vi.advanceTimersByTimeAsync(1_000);
  await closing;
  expect(intake.facts().store.lostRows).toBe(2);
});

test('what is malformed is counted and told', () => {
  const intake = open();
  const refused = intake.acceptTraces(Buffer.from('0a05', 'hex'), 'protobuf');
  expect(refused).toMatchObject({
    kind: 'malformed',
    offset: 1,
    reason: expect.stringContaining('resource_spans[0], byte 1'),
  });
  expect(intake.facts().malformed).toBe(1);
});

test('what was rejected, left out or let go of stands in the warnings', () => {
  const intake = open({ maxLiveRows: 2_000 });
  send(intake, [{ startNs: 1n }, { attributes: { 'rankscope.layer': 'top' } }], ofRank(0));
  for (let n = 0; n < 5; n += 1)
    send(
      intake,
      Array.from({ length: 1_000 }, (): SaidSpan => ({})),
      ofRank(0),
    );
  const [node] = intake.nodes(1);
  expect(node?.kind === 'ok' && node.diagnostics.warnings).toEqual([
    'telemetry: 1 spans or log records were rejected; their senders were told why',
    'telemetry: 1 attribute values were not what their name asks for and were left out',
    `telemetry: ${intake.facts().forgottenRows} entries are no longer in memory, and no entry store keeps them`,
  ]);
});
