import { addEntry, type EntryBatch, EntryBatchBuilder, formatTimestamp } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { LiveRows } from './live-rows.ts';

/** `count` rows of each rank, numbered in their detail from `from` on. */
function batchOf(runnerIds: readonly string[], from: number, count: number): EntryBatch {
  const builder = new EntryBatchBuilder();
  for (const runnerId of runnerIds) {
    const who = { nodeId: 'n', runnerId, instanceId: 'i', modelId: 'm', deviceRank: 0, worldSize: 1, attempt: 1 };
    const source = builder.source({ ...who, recorder: '' });
    for (let n = from; n < from + count; n += 1)
      addEntry(builder, source, {
        at: formatTimestamp(BigInt(n) * 1_000_000n),
        phase: 'decode_stream',
        event: 'progress',
        detail: `${n}`,
        attrs: {},
        taskId: null,
        commandId: null,
        mlxMemory: null,
      });
  }
  return builder.build();
}

function detailsOf(live: LiveRows, runnerId: string, limit: number): (string | null)[] {
  live.make(limit);
  const runner = live.runners.get(runnerId);
  return runner === undefined ? [] : live.entriesOf(runner, limit).map(({ detail }) => detail);
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}`);

function add(live: LiveRows, batch: EntryBatch, heardUs = 1): void {
  live.add(batch, heardUs).stored = true;
}

test('of each rank the newest entries, however often they are asked for', () => {
  const live = new LiveRows({ maxRows: 100_000 });
  for (let n = 0; n < 50; n += 1) {
    add(live, batchOf(['a', 'b'], n * 10, 10));
    expect(detailsOf(live, 'a', 20)).toEqual(numbers(Math.max(0, n * 10 - 10), n * 10 + 10));
  }
  expect(detailsOf(live, 'b', 500)).toEqual(numbers(0, 500));
  expect(detailsOf(live, 'b', 0)).toEqual([]);
});

test('more than is made ready is made when it is asked for', () => {
  const live = new LiveRows({ maxRows: 100_000 });
  for (let n = 0; n < 10; n += 1) add(live, batchOf(['a'], n * 1_000, 1_000));
  expect(detailsOf(live, 'a', 5)).toEqual(numbers(9_995, 10_000));
  expect(detailsOf(live, 'a', 9_000)).toEqual(numbers(1_000, 10_000));
  expect(detailsOf(live, 'a', 5)).toEqual(numbers(9_995, 10_000));
});

test('the oldest rows go, and a rank that has fallen silent keeps its last ones', () => {
  const live = new LiveRows({ maxRows: 5_000 });
  add(live, batchOf(['hung'], 0, 100));
  for (let n = 0; n < 100; n += 1) add(live, batchOf(['busy'], n * 500, 500));
  expect(live.rows).toBeLessThanOrEqual(5_000);
  expect(live.forgottenRows).toBe(50_100 - live.rows);
  expect(detailsOf(live, 'hung', 1_000)).toEqual(numbers(36, 100));
  expect(detailsOf(live, 'busy', 1_000)).toEqual(numbers(49_000, 50_000));
});

test('rows that are not on disk do not go', () => {
  const live = new LiveRows({ maxRows: 1_000 });
  for (let n = 0; n < 10; n += 1) live.add(batchOf(['a'], n * 500, 500), 1);
  expect(live.rows).toBe(5_000);
});

test('many small batches are put together, and nothing of them is lost', () => {
  const live = new LiveRows({ maxRows: 1_000_000 });
  const asked = () => detailsOf(live, 'a', 100);
  for (let n = 0; n < 5_000; n += 1) {
    add(live, batchOf(['a', 'b'], n * 2, 2));
    if (n % 500 === 499) expect(asked()).toEqual(numbers(n * 2 - 98, n * 2 + 2));
  }
  expect(detailsOf(live, 'b', 10_000)).toEqual(numbers(0, 10_000));
});

test('ranks that have long been silent are forgotten, and so are the most silent of too many', () => {
  const live = new LiveRows({ maxRows: 1_000 });
  add(live, batchOf(['old'], 0, 1), 0);
  add(live, batchOf(['new'], 0, 1), 3_600_000_001);
  live.forgetSilent(3_600_000_002);
  expect([...live.runners.keys()]).toEqual(['new']);
  for (let n = 0; n < 5_000; n += 1) add(live, batchOf([`r${n}`], 0, 1), 4e9 + n);
  expect(live.runners.size).toBeLessThanOrEqual(4_096);
  expect(live.runners.has('r4999')).toBe(true);
  expect(live.forgottenRunners).toBe(5_001 - live.runners.size);
});
