import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClusterTimelineEntry } from '../cluster-timeline.ts';
import { decodeEntryBatch, EntryBatchError, encodeEntryBatch } from './batch-bytes.ts';
import { addEntry, entryAt } from './batch-entry.ts';
import { EntryBatchBuilder, type EntrySource } from './entry-batch.ts';

const source = (recorder = ''): EntrySource => ({
  nodeId: 'node-a',
  runnerId: 'runner-1',
  instanceId: 'instance-1',
  modelId: 'tiny',
  deviceRank: 1,
  worldSize: 2,
  attempt: 1,
  recorder,
});

const who = { nodeId: 'node-a', runnerId: 'runner-1', deviceRank: 1, worldSize: 2 };
const plain: ClusterTimelineEntry = {
  ...who,
  at: '2026-11-22T02:41:07.412913Z',
  phase: 'decode_barrier',
  event: 'collective_enter',
  detail: 'all_sum 413, layer 12',
  attrs: { seq: 88, group: 0, op: 'all_sum', barrierSeq: 413, layer: 12, bytes: 4096, dtype: 'float32', evalSeq: 9 },
  taskId: '0193a5c4-0000-7000-8000-000000000001',
  commandId: null,
  mlxMemory: null,
};

const roundTrip = (entries: readonly ClusterTimelineEntry[], recorder = '') => {
  const builder = new EntryBatchBuilder(1);
  const at = builder.source(source(recorder));
  for (const entry of entries) addEntry(builder, at, entry);
  const { batch } = decodeEntryBatch(encodeEntryBatch(builder.build()));
  return entries.map((_, row) => entryAt(batch, row));
};

test('an entry is the same after columns, bytes and columns', () => {
  const memory = {
    generatedAt: plain.at,
    active: { inBytes: 3 },
    cache: { inBytes: 0 },
    peak: { inBytes: 5 },
    wiredLimit: null,
    source: 'mlx.core',
  };
  const entries = [
    plain,
    { ...plain, attrs: { seq: 89, monoNs: '9007199254740993123' }, mlxMemory: memory, detail: '' },
  ];
  expect(roundTrip(entries)).toEqual(entries);
  expect(roundTrip([{ ...plain, attrs: { source: 'supervisor' } }], 'supervisor')[0]?.attrs).toEqual({
    source: 'supervisor',
  });
});

test('whatever a foreign recorder puts into attributes comes back as it was', () => {
  const name = fc.constantFrom('seq', 'layer', 'op', 'monoNs', 'source', 'cell', '__proto__', 'x', '', 'waitingOn');
  const value = fc.oneof(
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
    fc.boolean(),
    fc.array(fc.string()),
  );
  const attrs = fc.array(fc.tuple(name, value)).map((pairs) => Object.fromEntries(pairs));
  fc.assert(
    fc.property(fc.array(attrs, { maxLength: 5 }), (many) => {
      const entries = many.map((one) => ({ ...plain, attrs: one }));
      expect(roundTrip(entries)).toEqual(entries);
    }),
  );
});

test('columns in which nothing is said cost nothing', () => {
  const builder = new EntryBatchBuilder();
  const at = builder.source(source());
  for (let seq = 0; seq < 10_000; seq += 1) addEntry(builder, at, { ...plain, attrs: { seq } });
  expect(encodeEntryBatch(builder.build()).length / 10_000).toBeLessThan(40);
});

test('a batch says what lies beside it', () => {
  const { meta, batch } = decodeEntryBatch(encodeEntryBatch(new EntryBatchBuilder().build(), { cursor: 'abc' }));
  expect([meta, batch.rows]).toEqual([{ cursor: 'abc' }, 0]);
});

test('bytes that are no batch are refused with the reason, never read past their end', () => {
  const builder = new EntryBatchBuilder();
  addEntry(builder, builder.source(source()), plain);
  const good = encodeEntryBatch(builder.build());
  for (let length = 0; length < good.length; length += 1)
    expect(() => decodeEntryBatch(good.slice(0, length)), `${length} bytes`).toThrow(EntryBatchError);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (position, byte) => {
      const bytes = good.slice();
      bytes[position] = byte;
      try {
        const { batch } = decodeEntryBatch(bytes);
        for (let row = 0; row < batch.rows; row += 1) entryAt(batch, row);
      } catch (error) {
        expect(error, String(error)).toBeInstanceOf(EntryBatchError);
      }
    }),
    { numRuns: 2_000 },
  );
});
