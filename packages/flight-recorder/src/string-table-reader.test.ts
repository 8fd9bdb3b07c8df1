import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { slotFlags } from '@rankscope/schema';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contractIdentity } from './flight-writer.contract.ts';
import type { FlightWriter } from './flight-writer.ts';
import { placeAt, slotAt } from './ring-layout.ts';
import { openRingReader } from './ring-reader.ts';
import { openRingWriter } from './ring-writer.ts';

const sizes = { rareCount: 8, memoryCount: 8, mainCount: 64, stringsBytes: 4096 };
const sentence = 'A text of more than 32 bytes, which is why it is in the table.';

let dir: string;
let path: string;
let writer: FlightWriter;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-strings-'));
  path = join(dir, 'runner.ring');
  writer = openRingWriter(path, contractIdentity, sizes);
});

afterEach(() => {
  writer.close(0);
  rmSync(dir, { recursive: true });
});

const poke = (bytes: Buffer, at: number) => {
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, bytes.length, at);
  closeSync(fd);
};
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const only = () => {
  const reader = openRingReader(path);
  const { text, textCut, attrs, attrsLost } = reader.read({ next: 0 }).entries[0] ?? expect.fail('no entry');
  reader.close();
  return { text, textCut, attrs, attrsLost };
};
const offsets = () => {
  const { stringsOffset, mainOffset } = openRingReader(path).header;
  return { record: stringsOffset + 64, slot: mainOffset };
};
/** Puts a record of a foreign writer in place of the first. */
const putRecord = (body: Buffer) => poke(Buffer.concat([u32(body.length), u32(crc32(body)), body]), offsets().record);

test('a record that is not whole is not shown: the slot’s own text is, marked as cut', () => {
  const cut = { text: sentence.slice(0, 27), textCut: true, attrs: null, attrsLost: false };
  const harms: Record<string, () => void> = {
    'another byte in it': () => poke(Buffer.of(0x7a), offsets().record + 20),
    'none of it, as when its page never reached the disk': () => poke(Buffer.alloc(80), offsets().record),
    'a length past the end': () => poke(u32(2 ** 30), offsets().record),
    'a length of nothing': () => poke(u32(0), offsets().record),
    'a place past the end': () => poke(u32(4096 / 8), offsets().slot + slotAt.text + placeAt),
    'a place far past the end': () => poke(u32(0xffff_ffff), offsets().slot + slotAt.text + placeAt),
    'a place in the head': () => poke(u32(1), offsets().slot + slotAt.text + placeAt),
    'a place in the middle of it': () => poke(u32(9), offsets().slot + slotAt.text + placeAt),
  };
  for (const [name, harm] of Object.entries(harms)) {
    writer.close(0);
    writer = openRingWriter(path, contractIdentity, sizes);
    writer.record({ phase: 'error', kind: 'mark', event: 'error', detail: sentence });
    expect(only(), name).toMatchObject({ text: sentence, textCut: false });
    harm();
    expect(only(), name).toEqual(cut);
  }
});

test('attributes whose record is not whole are said to be lost', () => {
  writer.record({ phase: 'error', kind: 'mark', event: 'error', detail: 'short', attrs: { a: 1 } });
  poke(Buffer.of(0x7a), offsets().record + 10);
  expect(only()).toEqual({ text: 'short', textCut: false, attrs: null, attrsLost: true });
});

test('what another writer took for attributes and is none is left out and said to be lost', () => {
  const given: [string, object | null, boolean][] = [
    ['{"a":1,"b":[1],"c":null,"d":{"e":1},"f":["x"]}\0text', { a: 1, f: ['x'] }, true],
    ['[1]\0text', null, true],
    ['{"a":\0text', null, true],
    ['null\0text', null, true],
    ['{}\0text', null, false],
  ];
  writer.record({ phase: 'error', kind: 'mark', event: 'error', detail: 'text', attrs: { long: 'x'.repeat(60) } });
  for (const [body, attrs, attrsLost] of given) {
    putRecord(Buffer.from(body));
    expect(only(), body).toEqual({ text: 'text', textCut: false, attrs, attrsLost });
  }
  putRecord(Buffer.from('{"a":1} and no NUL'));
  expect(only()).toMatchObject({ text: '{"a":1} and no NUL', attrs: null, attrsLost: true });
});

test('a slot that points into a table where there is none shows what it has itself', () => {
  writer.close(0);
  writer = openRingWriter(path, contractIdentity, { ...sizes, stringsBytes: 0 });
  writer.record({ phase: 'error', kind: 'mark', event: 'error', detail: sentence });
  const { slot } = offsets();
  poke(Buffer.of(slotFlags.textCut | slotFlags.inTable), slot + slotAt.flags);
  expect(only()).toMatchObject({ text: sentence.slice(0, 32), textCut: true });
});

test('a file of which the table was cut off, wholly or in part, keeps its entries, each with the beginning of its text', () => {
  for (const left of [64 + 16, 64 + 4, 20, 8, 0]) {
    writer.close(0);
    writer = openRingWriter(path, contractIdentity, sizes);
    for (const detail of ['short', sentence])
      writer.record({ phase: 'error', kind: 'mark', event: 'error', detail, attrs: { a: 1 } });
    const reader = openRingReader(path);
    truncateSync(path, reader.header.stringsOffset + left);
    expect(reader.read({ next: 0 }).entries).toMatchObject([
      { text: 'short', textCut: false, attrs: null, attrsLost: true },
      { text: sentence.slice(0, 27), textCut: true, attrs: null, attrsLost: true },
    ]);
    expect(reader.state().strings === null, `${left} bytes left`).toBe(left < 16);
    reader.close();
  }
});

test('a record is read from the file once', () => {
  for (let i = 0; i < 10; i += 1) writer.record({ phase: 'error', kind: 'mark', event: 'error', detail: sentence });
  const reader = openRingReader(path);
  const first = reader.read({ next: 0 }, { limit: 5 });
  poke(Buffer.of(0x7a), offsets().record + 20);
  const second = reader.read(first.cursor);
  expect([...first.entries, ...second.entries].map(({ text }) => text)).toEqual(Array(10).fill(sentence));
  reader.close();
});

test('the table says how full it is', () => {
  writer.record({ phase: 'error', kind: 'mark', event: 'error', detail: sentence });
  const reader = openRingReader(path);
  const used = 64 + 8 + Math.ceil(sentence.length / 8) * 8;
  expect(reader.state().strings).toEqual({ bytes: 4096, used, lost: 0 });
  expect(readFileSync(path)).toHaveLength(reader.header.fileBytes);
  reader.close();
});
