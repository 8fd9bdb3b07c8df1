import { NodeDiagnostics } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { describeEntryStore } from './entry-store.contract.ts';
import { createMemoryEntryStore } from './memory-entry-store.ts';
import { batchOf, namesOf } from './rows.fixture.ts';

const everything = {
  sinceUs: null,
  untilUs: null,
  nodeId: null,
  instanceId: null,
  runnerIds: null,
  taskId: null,
  commandId: null,
  limitPerRunner: 1_000_000,
};
const rows = (runnerId: string, from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ runnerId, seq: from + i, atUs: (from + i) * 1_000 }));
const tailed = (given: Parameters<typeof batchOf>[0], cursor: string, diagnostics: NodeDiagnostics | null = null) => ({
  nodeId: 'n',
  batch: batchOf(given),
  cursor,
  diagnostics,
});

describeEntryStore('the store in memory', createMemoryEntryStore, { tooManyRows: null });

test('what is given twice is kept once, and the cursor is the last one', async () => {
  const store = createMemoryEntryStore();
  expect(await store.cursorOf('n')).toBe('');
  await store.append(tailed(rows('r', 0, 10), 'c1'));
  await store.append(tailed(rows('r', 5, 10), 'c2'));
  expect(await store.cursorOf('n')).toBe('c2');
  expect(namesOf((await store.query(everything)).batch)).toEqual(rows('r', 0, 15).map(({ seq }) => `r/ ${seq}`));
  expect(await store.facts()).toMatchObject({ rows: 15, doubleRows: 5, lostRows: 0, oldestUs: 0 });
});

test('of more than there is room for the oldest goes, and does not come back', async () => {
  const store = createMemoryEntryStore({ maxRows: 20_000 });
  for (let from = 0; from < 60_000; from += 1_000) await store.append(tailed(rows('r', from, 1_000), String(from)));
  const { rows: kept, oldestUs } = await store.facts();
  expect(kept).toBeLessThan(30_000);
  expect(kept).toBeGreaterThan(19_000);
  await store.append(tailed(rows('r', 0, 1_000), 'again'));
  expect((await store.facts()).oldestUs).toBe(oldestUs);
  const { batch } = await store.query(everything);
  expect([...batch.columns.seq]).toEqual(rows('r', 60_000 - kept, kept).map(({ seq }) => seq));
});

test('columns that are not used in old rows read as none', async () => {
  const store = createMemoryEntryStore();
  await store.append(tailed(rows('r', 0, 10_000), 'c'));
  const { batch } = await store.query({ ...everything, sinceUs: 0, untilUs: 0 });
  expect(batch.columns.barrierSeq[0]).toBe(-1);
  expect(batch.columns.taskId[0]).toBe(0);
});

test('the last words of a node are what it said last, with the newest entries of its runners', async () => {
  const store = createMemoryEntryStore();
  expect(await store.lastWords('n', 10)).toBeNull();
  const at = '2026-11-22T02:41:07.412913Z';
  const runner = {
    ...{ runnerId: 'r', instanceId: 'i', nodeId: 'n', modelId: 'm', deviceRank: 0, worldSize: 1 },
    ...{ startLayer: 0, endLayer: 1, nLayers: 1, processAlive: true, statusKind: 'RunnerReady', statusSince: at },
    ...{ secondsInStatus: 1, phase: 'idle', phaseStartedAt: at, secondsInPhase: 1 },
  };
  const words = NodeDiagnostics.parse({
    generatedAt: at,
    runtime: { nodeId: 'n', hostname: 'h', isMaster: false, cwd: '.' },
    resources: {},
    supervisorRunners: [runner],
  });
  await store.append(tailed([...rows('r', 0, 20), ...rows('another', 0, 5)], 'c', words));
  await store.append(tailed([], 'c'));
  const last = await store.lastWords('n', 3);
  expect(
    last?.supervisorRunners.map(({ phase, flightRecorder }) => [phase, flightRecorder.map((e) => e.attrs.seq)]),
  ).toEqual([['idle', [17, 18, 19]]]);
  expect(NodeDiagnostics.parse(last)).toEqual(last);
  expect((await store.lastWords('n', 0))?.supervisorRunners[0]?.flightRecorder).toEqual([]);
});
