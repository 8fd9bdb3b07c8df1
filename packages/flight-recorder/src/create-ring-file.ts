import { closeSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import type { RingIdentity, RingSizes } from './flight-writer.ts';
import type { RingClock } from './ring-clock.ts';
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
import { writeU64 } from './unsigned.ts';
import { writeUuid } from './uuid-bytes.ts';

/** Zeros are written in pieces of this size: big enough that their number does not matter, small enough to keep. */
const pieceBytes = 2 ** 20;

export interface RingPlaces {
  readonly rareOffset: number;
  readonly memoryOffset: number;
  readonly mainOffset: number;
  /** 0 when there is no string table. */
  readonly stringsOffset: number;
  readonly stringsBytes: number;
  readonly fileBytes: number;
}

/** Texts of a few hundred different errors; a rank that has more of them has told its story. */
export const defaultStringsBytes = 256 * 1024;

/** Where the rings of a file of these sizes begin. */
export function placeRings(sizes: RingSizes): RingPlaces {
  const { rareCount, memoryCount, mainCount, stringsBytes = defaultStringsBytes } = sizes;
  const memoryOffset = headerBytes + rareCount * slotBytes;
  const mainOffset = memoryOffset + memoryCount * slotBytes;
  const slotsEnd = mainOffset + mainCount * slotBytes;
  const stringsOffset = stringsBytes === 0 ? 0 : slotsEnd;
  const fileBytes = slotsEnd + stringsBytes;
  return { rareOffset: headerBytes, memoryOffset, mainOffset, stringsOffset, stringsBytes, fileBytes };
}

/**
 * Makes a ring file and returns its descriptor. It appears under its path only when it is whole, so no reader meets half
 * a header.
 *
 * Every block is written with zeros, not just reserved by a length: Node has no fallocate, and a sparse file would turn
 * a full disk into a failing `record` hours later, in the middle of what one wanted to see.
 */
export function createRingFile(path: string, identity: RingIdentity, sizes: RingSizes, clock: RingClock): number {
  const header = encodeHeader(identity, sizes, clock);
  const temporary = `${path}.${process.pid}.new`;
  const fd = openSync(temporary, 'w+', 0o644);
  try {
    const { fileBytes, stringsOffset } = placeRings(sizes);
    writeZeros(fd, fileBytes);
    if (stringsOffset !== 0) writeSync(fd, Buffer.of(stringsAt.records), 0, 1, stringsOffset + stringsAt.used);
    writeSync(fd, header, 0, headerBytes, 0);
    renameSync(temporary, path);
    return fd;
  } catch (cause) {
    closeSync(fd);
    unlinkSync(temporary);
    throw new Error(`ring file ${path} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function writeZeros(fd: number, bytes: number): void {
  const zeros = Buffer.alloc(Math.min(pieceBytes, bytes));
  for (let at = 0; at < bytes; ) at += writeSync(fd, zeros, 0, Math.min(zeros.length, bytes - at), at);
}

function refuseTable(bytes: number): void {
  const { unit, minBytes, maxBytes } = stringsAt;
  if (bytes === 0 || (bytes % unit === 0 && bytes >= minBytes && bytes <= maxBytes)) return;
  throw new RangeError(`stringsBytes must be 0 or a multiple of ${unit} from ${minBytes} to ${maxBytes}, not ${bytes}`);
}

function encodeHeader(identity: RingIdentity, sizes: RingSizes, clock: RingClock): Buffer {
  for (const name of ['rareCount', 'memoryCount', 'mainCount'] as const) {
    const count = sizes[name];
    const powerOfTwo = Number.isInteger(Math.log2(count)) && count >= 1 && count <= maxSlotCount;
    if (!powerOfTwo) throw new RangeError(`${name} must be a power of two of at most ${maxSlotCount}, not ${count}`);
  }
  const places = placeRings(sizes);
  refuseTable(places.stringsBytes);
  const header = Buffer.alloc(headerBytes);
  header.write(ringMagic, headerAt.magic, 'latin1');
  header.writeUInt32LE(ringVersion, headerAt.version);
  header.writeUInt32LE(byteOrderMark, headerAt.byteOrder);
  header.writeUInt32LE(headerBytes, headerAt.headerBytes);
  header.writeUInt32LE(slotBytes, headerAt.slotBytes);
  header.writeUInt32LE(sizes.rareCount, headerAt.rareCount);
  header.writeUInt32LE(sizes.mainCount, headerAt.mainCount);
  header.writeUInt32LE(sizes.memoryCount, headerAt.memoryCount);
  writeU64(header, places.rareOffset, headerAt.rareOffset);
  writeU64(header, places.memoryOffset, headerAt.memoryOffset);
  writeU64(header, places.mainOffset, headerAt.mainOffset);
  writeU64(header, places.stringsOffset, headerAt.stringsOffset);
  writeU64(header, places.stringsBytes, headerAt.stringsBytes);
  writeU64(header, places.fileBytes, headerAt.fileBytes);
  header.writeUInt32LE(process.pid, headerAt.pid);
  header.writeUInt32LE(identity.attempt, headerAt.attempt);
  header.writeUInt32LE(identity.rank, headerAt.rank);
  header.writeUInt32LE(identity.worldSize, headerAt.worldSize);
  const wallNs = clock.wallNs();
  header.writeBigUInt64LE(clock.monotonicNs(), headerAt.anchorMono);
  header.writeBigUInt64LE(wallNs, headerAt.anchorWall);
  writeUuid(header, identity.bootId, headerAt.bootId, 'bootId');
  for (const name of ['runnerId', 'nodeId', 'instanceId', 'modelId'] as const) {
    const { offset, bytes } = headerTexts[name];
    const text = Buffer.from(identity[name]);
    if (text.length > bytes || text.includes(0)) {
      throw new RangeError(
        `${name} must be at most ${bytes} bytes without NUL; ids are compared whole, so it is not cut`,
      );
    }
    text.copy(header, offset);
  }
  return header;
}
