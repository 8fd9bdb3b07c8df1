import { addEntry, type EntryBatch, EntryBatchBuilder, entryAt } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { mergeBatches } from './merge-batches.ts';

function batchOf(runnerId: string, count: number): EntryBatch {
  const builder = new EntryBatchBuilder();
  const who = { nodeId: 'n', instanceId: 'i', modelId: 'm', deviceRank: 0, worldSize: 1, attempt: 1 };
  for (const recorder of ['', 'supervisor']) {
    const source = builder.source({ ...who, runnerId, recorder });
    for (let i = 0; i < count; i += 1)
      addEntry(builder, source, {
        at: '2026-11-22T02:41:07.412913Z',
        phase: `phase ${i}`,
        event: 'enter',
        detail: i % 2 ? `${runnerId} ${i}` : null,
        attrs: i % 3 ? { layer: i, seq: i } : {},
        taskId: null,
        commandId: runnerId,
        mlxMemory: null,
      });
  }
  return builder.build();
}

test('rows of several batches say the same in one', () => {
  const batches = [batchOf('a', 3), batchOf('b', 5), batchOf('a', 2)];
  const merged = mergeBatches(batches);
  const entries = (batch: EntryBatch) => Array.from({ length: batch.rows }, (_, row) => entryAt(batch, row));
  expect(entries(merged)).toEqual(batches.flatMap(entries));
  expect(merged.sources).toHaveLength(4);
});
