import {
  byteOrderMark,
  headerAt,
  headerBytes,
  headerTexts,
  maxSlotCount,
  ringMagic,
  ringVersion,
  slotBytes,
  stringsAt,
} from './ring-layout.ts';
import { readText } from './slot-text.ts';
import { readU64 } from './unsigned.ts';
import { readUuid } from './uuid-bytes.ts';

/** A file that is no ring, or none that this version reads. Says which file, which field, and what to do. */
export class RingFormatError extends Error {
  override readonly name = 'RingFormatError';
}

/** What a ring file says about itself once and for all. */
export interface RingHeader {
  readonly rareCount: number;
  readonly memoryCount: number;
  readonly mainCount: number;
  readonly rareOffset: number;
  readonly memoryOffset: number;
  readonly mainOffset: number;
  /** Both 0 in a file without a string table. */
  readonly stringsOffset: number;
  readonly stringsBytes: number;
  readonly fileBytes: number;
  readonly pid: number;
  readonly attempt: number;
  readonly rank: number;
  readonly worldSize: number;
  /** Monotonic and wall-clock nanoseconds of one moment. */
  readonly anchorMonoNs: bigint;
  readonly anchorWallNs: bigint;
  readonly bootId: string | null;
  readonly runnerId: string;
  readonly nodeId: string;
  readonly instanceId: string;
  readonly modelId: string;
  /** Tells this file from any other, also from a later one of the same runner under the same path. */
  readonly ring: string;
}

/** Parses the first 4096 bytes of a ring file that is `fileBytes` long. Throws {@link RingFormatError}. */
export function parseRingHeader(bytes: Buffer, fileBytes: number, path: string): RingHeader {
  const refuse = (why: string): never => {
    throw new RingFormatError(`${path}: ${why}`);
  };
  if (bytes.length < headerBytes) {
    refuse(`${bytes.length} bytes are no ring file, whose header alone is ${headerBytes}; copy it again, whole`);
  }
  const magic = bytes.toString('latin1', headerAt.magic, headerAt.magic + ringMagic.length);
  if (magic !== ringMagic) refuse(`magic is not '${ringMagic}'; this is not a ring file`);
  const byteOrder = bytes.readUInt32LE(headerAt.byteOrder);
  if (byteOrder !== byteOrderMark) {
    refuse(
      `byte order mark is 0x${byteOrder.toString(16)}; read it where it was written (big-endian files are not read)`,
    );
  }
  const version = bytes.readUInt32LE(headerAt.version);
  if (version !== ringVersion)
    refuse(`version is ${version}; this reader knows version ${ringVersion}, use the one that wrote it`);

  const expect = (field: string, value: number, expected: number) => {
    if (value !== expected) refuse(`${field} is ${value} and must be ${expected}; the header is damaged`);
  };
  expect('header bytes', bytes.readUInt32LE(headerAt.headerBytes), headerBytes);
  expect('slot bytes', bytes.readUInt32LE(headerAt.slotBytes), slotBytes);

  const count = (name: 'rareCount' | 'memoryCount' | 'mainCount'): number => {
    const value = bytes.readUInt32LE(headerAt[name]);
    const powerOfTwo = value >= 1 && (value & (value - 1)) === 0 && value <= maxSlotCount;
    return powerOfTwo
      ? value
      : refuse(`${name} is ${value} and must be a power of two of at most ${maxSlotCount}; the header is damaged`);
  };
  const said = readU64(bytes, headerAt.fileBytes);
  if (said > fileBytes) refuse(`file bytes says ${said}, but the file has ${fileBytes}; copy it again, whole`);

  let free = headerBytes;
  const region = (name: 'rareOffset' | 'memoryOffset' | 'mainOffset', slots: number): number => {
    const offset = readU64(bytes, headerAt[name]);
    const end = offset + slots * slotBytes;
    if (offset < free || offset % 8 !== 0 || end > said) {
      refuse(`${name} is ${offset}, which lies outside its place (${free} to ${said}); the header is damaged`);
    }
    free = end;
    return offset;
  };
  const table = (): { readonly stringsOffset: number; readonly stringsBytes: number } => {
    const stringsBytes = readU64(bytes, headerAt.stringsBytes);
    const stringsOffset = readU64(bytes, headerAt.stringsOffset);
    if (stringsBytes === 0) return { stringsOffset: 0, stringsBytes };
    const end = stringsOffset + stringsBytes;
    if (stringsBytes < stringsAt.records || stringsOffset < free || stringsOffset % 8 !== 0 || end > said) {
      refuse(
        `stringsOffset is ${stringsOffset} and stringsBytes ${stringsBytes}, which lies outside its place (${free} to ${said}); the header is damaged`,
      );
    }
    return { stringsOffset, stringsBytes };
  };
  const [rareCount, memoryCount, mainCount] = [count('rareCount'), count('memoryCount'), count('mainCount')];
  const text = (name: keyof typeof headerTexts) => readText(bytes, headerTexts[name].offset, headerTexts[name].bytes);
  const runnerId = text('runnerId');
  const attempt = bytes.readUInt32LE(headerAt.attempt);
  const anchorWallNs = bytes.readBigUInt64LE(headerAt.anchorWall);
  return {
    rareCount,
    memoryCount,
    mainCount,
    rareOffset: region('rareOffset', rareCount),
    memoryOffset: region('memoryOffset', memoryCount),
    mainOffset: region('mainOffset', mainCount),
    ...table(),
    fileBytes: said,
    pid: bytes.readUInt32LE(headerAt.pid),
    attempt,
    rank: bytes.readUInt32LE(headerAt.rank),
    worldSize: bytes.readUInt32LE(headerAt.worldSize),
    anchorMonoNs: bytes.readBigUInt64LE(headerAt.anchorMono),
    anchorWallNs,
    bootId: readUuid(bytes, headerAt.bootId),
    runnerId,
    nodeId: text('nodeId'),
    instanceId: text('instanceId'),
    modelId: text('modelId'),
    ring: `${runnerId}#${attempt}@${anchorWallNs}`,
  };
}
