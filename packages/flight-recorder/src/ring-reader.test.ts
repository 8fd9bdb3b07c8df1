import { mkdtempSync, openSync, readFileSync, rmSync, truncateSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contractIdentity } from './flight-writer.contract.ts';
import type { FlightWriter } from './flight-writer.ts';
import { RingFile, RingReplacedError } from './ring-file.ts';
import { headerAt, slotAt, slotBytes } from './ring-layout.ts';
import { openRingReader, RingReader } from './ring-reader.ts';
import { openRingWriter } from './ring-writer.ts';

const sizes = { rareCount: 8, memoryCount: 8, mainCount: 64 };

let dir: string;
let path: string;
let writer: FlightWriter;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-reader-'));
  path = join(dir, 'runner.ring');
  writer = openRingWriter(path, contractIdentity, sizes);
});

afterEach(() => {
  writer.close(0);
  rmSync(dir, { recursive: true });
});

const write = (count: number) => {
  for (let i = 0; i < count; i += 1) writer.record({ phase: 'decode_stream', kind: 'mark', event: 'progress', a: i });
};

/** Overwrites bytes of the file behind everybody's back. */
const poke = (bytes: number[] | Buffer, at: number) =>
  writeSync(openSync(path, 'r+'), Buffer.from(bytes), 0, bytes.length, at);
const slotOf = (n: number) => openRingReader(path).header.mainOffset + (n % sizes.mainCount) * slotBytes;
const u64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
/** As a writer leaves a slot when it dies inside: claimed, its end still from before. */
const tear = (n: number) => {
  poke(u64(2 * n + 1), slotOf(n));
  poke(u64(0), slotOf(n) + slotAt.seq2);
};
const numbers = (read: { readonly entries: readonly { readonly n: number }[] }) => read.entries.map((entry) => entry.n);

describe('an unfinished entry', () => {
  test('is waited for while its writer lives', () => {
    write(5);
    tear(3);
    const read = openRingReader(path).read({ next: 0 });
    expect(numbers(read)).toEqual([0, 1, 2]);
    expect(read.cursor.next).toBe(3);
    expect(read.torn).toBe(0);
  });

  test('is read once it is finished', () => {
    write(5);
    const whole = readFileSync(path).subarray(slotOf(3), slotOf(3) + slotBytes);
    tear(3);
    const reader = openRingReader(path);
    const { cursor } = reader.read({ next: 0 });
    poke(whole, slotOf(3));
    expect(numbers(reader.read(cursor))).toEqual([3, 4]);
  });

  test('of a dead writer is stepped over and counted', () => {
    write(5);
    tear(3);
    const read = openRingReader(path).read({ next: 0 }, { writerDead: true });
    expect(numbers(read)).toEqual([0, 1, 2, 4]);
    expect(read.torn).toBe(1);
  });

  test('that has been so for 250 ms is stepped over and counted', () => {
    write(5);
    tear(3);
    let nowMs = 1000;
    const reader = openRingReader(path, () => nowMs);
    const { cursor } = reader.read({ next: 0 });
    nowMs += 249;
    expect(reader.read(cursor)).toMatchObject({ entries: [], torn: 0 });
    nowMs += 1;
    const read = reader.read(cursor);
    expect(numbers(read)).toEqual([4]);
    expect(read.torn).toBe(1);
  });

  test('that was claimed and not begun is one of them', () => {
    write(5);
    poke(u64(6), headerAt.mainHead);
    expect(openRingReader(path).read({ next: 0 }, { writerDead: true })).toMatchObject({
      torn: 1,
      cursor: { next: 6 },
    });
  });
});

describe('a cursor', () => {
  test('survives its reader, also as JSON', () => {
    write(40);
    const first = openRingReader(path).read({ next: 0 }, { limit: 15 });
    write(10);
    const second = openRingReader(path).read(JSON.parse(JSON.stringify(first.cursor)));
    expect([...numbers(first), ...numbers(second)]).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  test('is refused by another attempt’s ring', () => {
    write(3);
    const { cursor } = openRingReader(path).read({ next: 0 });
    writer.close(0);
    writer = openRingWriter(path, { ...contractIdentity, runnerId: 'runner-2', attempt: 4 }, sizes);
    expect(() => openRingReader(path).read(cursor)).toThrow(RingReplacedError);
    expect(() => openRingReader(path).read(cursor)).toThrow(/ring of runner-2#4.*cursor is for runner-1#3/);
  });
});

describe('a file that changes under an open reader', () => {
  test('is refused when another ring took its path', () => {
    const reader = openRingReader(path);
    openRingWriter(path, { ...contractIdentity, runnerId: 'runner-2' }, sizes).close(0);
    expect(() => reader.read({ next: 0 })).toThrow(RingReplacedError);
    expect(() => reader.state()).toThrow(/no longer the ring of runner-1/);
  });

  test('is refused when another ring was written into it', () => {
    const reader = openRingReader(path);
    poke(Buffer.from('runner-9'), 160);
    expect(() => reader.read({ next: 0 })).toThrow(RingReplacedError);
  });

  test('is an error and no crash when it was cut short', () => {
    write(60);
    const reader = openRingReader(path);
    truncateSync(path, 8000);
    expect(() => reader.read({ next: 0 })).toThrow(/was cut short while it was read/);
  });

  test('is read on when it was deleted', () => {
    write(3);
    const reader = openRingReader(path);
    unlinkSync(path);
    expect(numbers(reader.read({ next: 0 }))).toEqual([0, 1, 2]);
  });
});

test('a ring that wraps between two copies gives no mixture, and every entry is read, dropped or still to come', () => {
  class MeddledFile extends RingFile {
    meddle = 0;
    override read(buffer: Buffer, length: number, position: number): void {
      super.read(buffer, length, position);
      if (position < this.header.mainOffset || this.meddle === 0) return;
      this.meddle -= 1;
      written += 50;
      write(50);
    }
  }
  const file = new MeddledFile(path);
  const reader = new RingReader(file, () => 0);
  let written = 60;
  write(written);
  let cursor = { next: 0 };
  const seen: number[] = [];
  let dropped = 0;
  for (let call = 0; call < 6; call += 1) {
    file.meddle = call < 5 ? 9 : 0;
    const read = reader.read(cursor);
    expect(read.torn).toBe(0);
    seen.push(...numbers(read));
    dropped += read.dropped;
    cursor = read.cursor;
  }
  expect(written).toBeGreaterThan(1000);
  expect(cursor.next).toBe(written);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.toSorted((left, right) => left - right)).toEqual(seen);
  expect(dropped).toBe(written - seen.length);
  expect(seen.slice(-64)).toEqual(Array.from({ length: 64 }, (_, i) => written - 64 + i));
});

test('an entry that its writer begins to overwrite in the middle of a copy is not given out', () => {
  write(60);
  const at = slotOf(7);
  let copies = 0;
  class TornCopy extends RingFile {
    override read(buffer: Buffer, length: number, position: number): void {
      const inside = at + slotAt.a - position;
      const isChunk = position >= this.header.mainOffset && inside < length;
      if (isChunk) copies += 1;
      if (!isChunk || copies !== 2) {
        super.read(buffer, length, position);
        return;
      }
      super.read(buffer, inside, position);
      // As the native core does it: seq first, then the fields; seq2 still belongs to entry 7.
      poke(u64(2 * (7 + sizes.mainCount) + 1), at);
      poke(u64(999), at + slotAt.a);
      super.read(buffer.subarray(inside), length - inside, position + inside);
    }
  }
  const reader = new RingReader(new TornCopy(path), () => 0);
  const first = reader.read({ next: 0 });
  const second = reader.read(first.cursor);
  expect(copies).toBeGreaterThan(2);
  expect(first.entries.map((entry) => entry.a)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(second.entries.map((entry) => entry.n)).toEqual(Array.from({ length: 52 }, (_, i) => 8 + i));
  expect(second.dropped).toBe(1);
});

test('codes of a newer writer are kept as numbers, and sizes past 2^53 are clamped', () => {
  write(1);
  poke([200, 9, 77], slotOf(0) + slotAt.phase);
  poke([0x39, 0x30], slotOf(0) + slotAt.event);
  poke([99], slotOf(0) + slotAt.dtype);
  poke(Buffer.alloc(8, 0xfe), slotOf(0) + slotAt.a);
  expect(openRingReader(path).read({ next: 0 }).entries[0]).toMatchObject({
    phase: 'phase_200',
    kind: 'kind_9',
    op: 'op_77',
    event: 'event_12345',
    dtype: 'dtype_99',
    a: Number.MAX_SAFE_INTEGER,
  });
});

test('a cell whose writer died in it is not readable, the others are', () => {
  writer.now(0, { phase: 'decode_stream' });
  writer.now(1, { phase: 'decode_stream' });
  poke(u64(3), headerAt.cells + 128);
  const { cells, unreadableCells } = openRingReader(path).state();
  expect(cells.map((cell) => cell.cell)).toEqual([0]);
  expect(unreadableCells).toEqual([1]);
});
