import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlightRecord, openRingReader, openRingWriter } from '@rankscope/flight-recorder';
import {
  collectiveOps,
  decodeEntryBatch,
  EntryBatchBuilder,
  elementTypes,
  encodeEntryBatch,
  entryAt,
  flightEvents,
  runnerPhases,
} from '@rankscope/schema';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { createEntryRows, MonotonicToWall } from './entry-rows.ts';
import { wireEntry } from './wire-entry.ts';

const dir = mkdtempSync(join(tmpdir(), 'rankscope-rows-'));
afterAll(() => rmSync(dir, { recursive: true }));

const identity = {
  runnerId: 'r',
  nodeId: 'n',
  instanceId: 'i',
  modelId: 'm',
  rank: 1,
  worldSize: 2,
  attempt: 1,
  bootId: '8c6f5b7e-5c0e-4d7e-9d0e-3f4f0f5b9f10',
};
const sizes = { rareCount: 16, memoryCount: 16, mainCount: 64 };
const wallAtNs = (monoNs: bigint) => monoNs + 1_763_779_267_412_913_777n;
let files = 0;

function ring(records: readonly FlightRecord[], spoil: readonly (readonly [at: number, byte: number])[] = []) {
  files += 1;
  const path = join(dir, `${files}.ring`);
  const writer = openRingWriter(path, identity, sizes);
  for (const [index, record] of records.entries()) {
    const id = (n: number) => `0193a5c4-0000-7000-8000-${String(n).padStart(12, '0')}`;
    writer.setTask(index % 3 === 0 ? null : { taskId: id(index), commandId: id(index % 5) });
    writer.record(record);
  }
  writer.close(0);
  const fd = openSync(path, 'r+');
  for (const [at, byte] of spoil) writeSync(fd, Buffer.of(byte), 0, 1, at);
  closeSync(fd);
  return path;
}

/** The same ring, read as objects and read as columns that went over a wire. */
function bothWays(path: string, source: 'supervisor' | null = null) {
  const reader = openRingReader(path);
  const { entries } = reader.read({ next: 0 });
  let next = 0;
  const objects = entries.map((entry) => {
    const dropped = entry.n - next;
    next = entry.n + 1;
    const { context: _context, ...wire } = wireEntry(entry, { wallAtNs, source, dropped });
    return wire;
  });
  const builder = new EntryBatchBuilder(1);
  const { rank: deviceRank, bootId: _bootId, ...who } = identity;
  const at = builder.source({ ...who, deviceRank, recorder: source ?? '' });
  const rows = createEntryRows({ builder, source: at, clock: new MonotonicToWall(wallAtNs) });
  next = 0;
  reader.scan({ next: 0 }, {}, (slot) => {
    rows.add(slot, slot.n - next);
    next = slot.n + 1;
  });
  reader.close();
  const { batch } = decodeEntryBatch(encodeEntryBatch(builder.build()));
  const columns = Array.from({ length: batch.rows }, (_, row) => {
    const { nodeId: _n, runnerId: _r, deviceRank: _d, worldSize: _w, ...entry } = entryAt(batch, row);
    return entry;
  });
  return { objects, columns };
}

const keys = <T extends object>(of: T) => fc.constantFrom(...(Object.keys(of) as (keyof T)[]));
const count = fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER));
const bytes = fc.option(count);
const record: fc.Arbitrary<FlightRecord> = fc.record(
  {
    phase: fc.constantFrom(...runnerPhases),
    kind: fc.constantFrom('enter', 'exit', 'mark'),
    event: keys(flightEvents),
    detail: fc.oneof(fc.string({ maxLength: 12 }), fc.constant('a text of more than thirty-two bytes is cut')),
    rare: fc.boolean(),
    a: count,
    b: count,
    op: keys(collectiveOps),
    dtype: keys(elementTypes),
    group: fc.nat(65_535),
    barrierSeq: count,
    layer: fc.nat(32_767),
    peer: fc.nat(),
    pointToPoint: fc.boolean(),
    cell: fc.nat(15),
    memory: fc.record({ active: bytes, cache: bytes, peak: bytes, wiredLimit: bytes, source: fc.constant('mlx.core') }),
  },
  { requiredKeys: ['phase', 'kind', 'event'] },
);

/** A collective, and others that differ from the one before in one thing only. */
function neighbours({ detail: _detail, ...given }: FlightRecord): FlightRecord[] {
  const first: FlightRecord = { op: 'send', pointToPoint: true, peer: 1, layer: 2, group: 0, barrierSeq: 3, ...given };
  const steps: ((entry: FlightRecord) => FlightRecord)[] = [
    (entry) => entry,
    (entry) => ({ ...entry, barrierSeq: (entry.barrierSeq ?? 0) === 1 ? 2 : 1 }),
    (entry) => ({ ...entry, layer: entry.layer === 1 ? 2 : 1 }),
    (entry) => ({ ...entry, group: entry.group === 1 ? 2 : 1 }),
    (entry) => ({ ...entry, peer: entry.peer === 2 ? 3 : 2 }),
    (entry) => ({ ...entry, pointToPoint: entry.pointToPoint !== true }),
    (entry) => ({ ...entry, op: entry.op === 'recv' ? 'send' : 'recv' }),
    ({ op: _op, ...entry }) => entry,
  ];
  const made = [first];
  for (const step of steps) made.push(step(made.at(-1) ?? first));
  return made;
}

test('a row says what the entry says, whatever was recorded', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.boolean(), (drawn, supervised) => {
      const records = drawn.flatMap((one) => [one, ...neighbours(one)]);
      const { objects, columns } = bothWays(ring(records), supervised ? 'supervisor' : null);
      expect(columns).toEqual(objects);
    }),
    { numRuns: 60 },
  );
});

test('also where a slot holds codes and numbers that nobody writes', () => {
  const mainAt = 4096 + (sizes.rareCount + sizes.memoryCount) * 128;
  const place = fc.tuple(fc.nat(63), fc.integer({ min: 8, max: 119 }), fc.nat(255));
  fc.assert(
    fc.property(fc.array(record, { minLength: 64, maxLength: 64 }), fc.array(place), (records, places) => {
      // The top byte of a time would be a year that no date has.
      const spoil = places
        .filter(([, at]) => at !== 15)
        .map(([slot, at, byte]) => [mainAt + slot * 128 + at, byte] as const);
      const { objects, columns } = bothWays(ring(records, spoil));
      expect(columns).toEqual(objects);
    }),
    { numRuns: 60 },
  );
});
