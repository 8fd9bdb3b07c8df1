import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { extractZipMember } from './zip-member.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'zip-'));
});
afterEach(() => rm(dir, { recursive: true }));

const signal = new AbortController().signal;
const text = Buffer.from('a rank is late '.repeat(500));

/** A zip of two members, as the format's description lays it out. */
function zip(method: number): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, data] of [['other.txt', Buffer.from('no')] as const, ['dir/it.txt', text] as const]) {
    const packed = method === 8 ? deflateRawSync(data) : data;
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(crc32(data), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(data.length, 18);
    shared.writeUInt16LE(name.length, 22);
    const extra = Buffer.from('extra field!');
    const localFields = Buffer.from(shared);
    localFields.writeUInt16LE(extra.length, 24);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), localFields, Buffer.from(name), extra, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), shared, rest, Buffer.from(name)]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(2, 8);
  end.writeUInt16LE(2, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}

test.each([
  ['stored', 0],
  ['deflated', 8],
])('a %s member is unpacked, and its hash is that of its text', async (_name, method) => {
  await writeFile(join(dir, 'x.zip'), zip(method));
  const hash = await extractZipMember(join(dir, 'x.zip'), 'dir/it.txt', join(dir, 'it'), { maxBytes: 10_000, signal });
  expect(await readFile(join(dir, 'it'))).toEqual(text);
  expect(hash).toBe(createHash('sha256').update(text).digest('hex'));
});

test('a member that is absent, too large or packed otherwise is refused', async () => {
  const path = join(dir, 'x.zip');
  await writeFile(path, zip(8));
  const to = (name: string) => join(dir, name);
  await expect(extractZipMember(path, 'gone', to('1'), { maxBytes: 9, signal })).rejects.toThrow('holds no gone');
  await expect(extractZipMember(path, 'dir/it.txt', to('2'), { maxBytes: 9, signal })).rejects.toThrow('more than 9');
  await writeFile(path, zip(12));
  await expect(extractZipMember(path, 'dir/it.txt', to('3'), { maxBytes: 9, signal })).rejects.toThrow('method 12');
});

test('a file that is no zip is refused', async () => {
  await writeFile(join(dir, 'x.zip'), 'hello');
  const wanted = extractZipMember(join(dir, 'x.zip'), 'a', join(dir, 'a'), { maxBytes: 9, signal });
  await expect(wanted).rejects.toThrow('is not a zip file');
});
