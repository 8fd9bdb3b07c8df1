import { decodeEntryBatch, encodeEntryBatch } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { buffersOf, packBatch, packedBytes, unpackBatch } from './packed-batch.ts';
import { batchOf, entriesOf, recorder, run } from './stored-entries.contract.ts';

const batch = batchOf([recorder('runner-1'), run(0, 99)], [recorder('runner-2'), [{ us: 1, detail: 'x' }]]);

test('a batch is the same after it was packed, handed to another thread, and unpacked', () => {
  const packed = packBatch(batch);
  const moved = structuredClone(packed, { transfer: buffersOf(packed) });
  expect(buffersOf(packed).map((buffer) => buffer.byteLength)).toEqual([0]);
  const again = unpackBatch(moved);
  expect(again).toEqual(batch);
  expect(entriesOf(decodeEntryBatch(encodeEntryBatch(again)).batch)).toEqual(entriesOf(batch));
});

test('columns in which no row says anything are not handed over', () => {
  expect(packBatch(batch).columns.map(({ name }) => name)).toEqual([
    'source',
    'seq',
    'atUs',
    'phase',
    'event',
    'detail',
  ]);
  expect(packBatch(batchOf([recorder('runner-1'), []])).columns).toEqual([]);
});

test('what a batch takes while it waits is known', () => {
  const bytes = packedBytes(packBatch(batch));
  expect(bytes).toBeGreaterThan(batch.rows * (2 + 8 + 8 + 4 + 4 + 4));
  expect(bytes).toBeLessThan(batch.rows * 40 + 1_000);
});
