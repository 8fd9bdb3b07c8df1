import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

/**
 * Unpacks one member of a zip file and answers its sha256.
 *
 * A stream: neither the archive nor the member is ever whole in memory. More
 * than `maxBytes` is refused while it is written. No zip64, no encryption:
 * wheels need neither.
 */
export async function extractZipMember(
  zipPath: string,
  member: string,
  toPath: string,
  options: ExtractOptions,
): Promise<string> {
  const found = await findMember(zipPath, member);
  const hash = createHash('sha256');
  let bytes = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes > options.maxBytes) done(new Error(`${member} unpacks to more than ${options.maxBytes} bytes.`));
      else done(null, chunk);
    },
  });
  const packed = createReadStream(zipPath, {
    start: found.dataAt,
    end: found.dataAt + found.packedBytes - 1,
    highWaterMark: 1 << 20,
  });
  const plain = found.method === 'stored' ? [packed] : [packed, createInflateRaw({ chunkSize: 1 << 20 })];
  await pipeline([...plain, check, createWriteStream(toPath, { flags: 'wx' })], { signal: options.signal });
  return hash.digest('hex');
}

interface ExtractOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

interface ZipMember {
  readonly method: 'stored' | 'deflated';
  readonly dataAt: number;
  readonly packedBytes: number;
}

/** The end record is 22 bytes and a comment of at most 65535. */
const endRecordBytes = 22;
const maxTailBytes = endRecordBytes + 65_535;

async function findMember(zipPath: string, member: string): Promise<ZipMember> {
  const file = await open(zipPath, 'r');
  try {
    const { size } = await file.stat();
    const tail = await readAt(file, Math.max(0, size - maxTailBytes), Math.min(size, maxTailBytes));
    const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
    if (end < 0 || end + endRecordBytes > tail.length)
      throw new Error(`${zipPath} is not a zip file, or its end is missing.`);
    const directory = await readAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));

    for (let at = 0; at + 46 <= directory.length; ) {
      const nameBytes = directory.readUInt16LE(at + 28);
      const name = directory.toString('utf8', at + 46, at + 46 + nameBytes);
      if (name === member) {
        const localAt = directory.readUInt32LE(at + 42);
        // The local header repeats name and extra field, and the extra field may differ in length.
        const local = await readAt(file, localAt, 30);
        return {
          method: methodOf(directory.readUInt16LE(at + 10), member),
          dataAt: localAt + 30 + local.readUInt16LE(26) + local.readUInt16LE(28),
          packedBytes: directory.readUInt32LE(at + 20),
        };
      }
      at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    }
    throw new Error(`${zipPath} holds no ${member}.`);
  } finally {
    await file.close();
  }
}

function methodOf(method: number, member: string): ZipMember['method'] {
  if (method === 0) return 'stored';
  if (method === 8) return 'deflated';
  throw new Error(`${member} is packed by method ${method}; only stored and deflated are read.`);
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead !== length) throw new Error(`The zip file ends at byte ${position + bytesRead}.`);
  return buffer;
}
