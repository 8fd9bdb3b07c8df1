import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contractIdentity } from './flight-writer.contract.ts';
import { RingFormatError } from './ring-header.ts';
import { headerAt } from './ring-layout.ts';
import { openRingReader } from './ring-reader.ts';
import { openRingWriter } from './ring-writer.ts';

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-header-'));
  path = join(dir, 'runner.ring');
  openRingWriter(path, contractIdentity, { rareCount: 8, memoryCount: 8, mainCount: 64, stringsBytes: 1024 }).close(0);
});

afterEach(() => rmSync(dir, { recursive: true }));

/** Damages the file. */
const poke = (bytes: readonly number[], at: number) => {
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.from(bytes), 0, bytes.length, at);
  closeSync(fd);
};

describe('a file that is no ring is refused with its name, the field and what to do', () => {
  const refusal = () => {
    try {
      openRingReader(path).close();
    } catch (error) {
      expect(error).toBeInstanceOf(RingFormatError);
      expect(String(error)).toContain(path);
      return String(error);
    }
    return expect.fail('the file was accepted');
  };

  test('half of a file', () => {
    truncateSync(path, 8000);
    expect(refusal()).toMatch(/file bytes says 15360, but the file has 8000; copy it again, whole/);
  });
  test('half of a header', () => {
    truncateSync(path, 100);
    expect(refusal()).toMatch(/100 bytes are no ring file/);
  });
  test('an empty file', () => {
    writeFileSync(path, '');
    expect(refusal()).toMatch(/0 bytes are no ring file/);
  });
  test('zeros', () => {
    writeFileSync(path, Buffer.alloc(20_000));
    expect(refusal()).toMatch(/magic is not 'RANKRING'/);
  });
  test('another version', () => {
    poke([2], headerAt.version);
    expect(refusal()).toMatch(/version is 2; this reader knows version 1/);
  });
  test('the other byte order', () => {
    poke([1, 2, 3, 4], headerAt.byteOrder);
    expect(refusal()).toMatch(/byte order mark is 0x4030201/);
  });
  test('other slots', () => {
    poke([64], headerAt.slotBytes);
    expect(refusal()).toMatch(/slot bytes is 64 and must be 128/);
  });
  test('an impossible count', () => {
    poke([63], headerAt.mainCount);
    expect(refusal()).toMatch(/mainCount is 63 and must be a power of two/);
  });
  test('a count that does not fit the file', () => {
    poke([128], headerAt.mainCount);
    expect(refusal()).toMatch(/mainOffset is 6144, which lies outside its place/);
  });
  test('a string table on top of a ring', () => {
    poke([0, 16, 0, 0, 0, 0, 0, 0], headerAt.stringsOffset);
    expect(refusal()).toMatch(/stringsOffset is 4096 and stringsBytes 1024, which lies outside its place \(14336 to/);
  });
  test('a string table past the end', () => {
    poke([8], headerAt.stringsBytes);
    expect(refusal()).toMatch(/stringsBytes 1032, which lies outside its place/);
  });
  test('rings on top of each other', () => {
    poke([0, 16, 0, 0, 0, 0, 0, 0], headerAt.memoryOffset);
    expect(refusal()).toMatch(/memoryOffset is 4096, which lies outside its place/);
  });
});
