const two32 = 2 ** 32;
/** High halves from here on make numbers past 2^53 − 1. */
const unsafeHigh = 2 ** 21;
const noneHalf = 0xffff_ffff;

/** Writes a u64 without making a BigInt. What is no whole number from 0 to 2^53 − 1 is cut down to one. */
export function writeU64(buffer: Buffer, value: number, offset: number): void {
  if (value >= 0 && value < two32) {
    buffer.writeUInt32LE(Math.trunc(value), offset);
    buffer.writeUInt32LE(0, offset + 4);
    return;
  }
  const whole = value >= 1 ? Math.min(Math.trunc(value), Number.MAX_SAFE_INTEGER) : 0;
  buffer.writeUInt32LE(whole % two32, offset);
  buffer.writeUInt32LE(Math.floor(whole / two32), offset + 4);
}

/** Writes a u64, or all ones for null. */
export function writeU64OrNone(buffer: Buffer, value: number | null | undefined, offset: number): void {
  if (value !== null && value !== undefined) {
    writeU64(buffer, value, offset);
    return;
  }
  buffer.writeUInt32LE(noneHalf, offset);
  buffer.writeUInt32LE(noneHalf, offset + 4);
}

/** Reads a u64 as a number. What passes 2^53 − 1 is clamped to it: a size or count that large is a bug of its writer. */
export function readU64(buffer: Buffer, offset: number): number {
  const high = buffer.readUInt32LE(offset + 4);
  if (high >= unsafeHigh) return Number.MAX_SAFE_INTEGER;
  return high * two32 + buffer.readUInt32LE(offset);
}

/** Reads a u64 of which all ones means none. */
export function readU64OrNone(buffer: Buffer, offset: number): number | null {
  const none = buffer.readUInt32LE(offset) === noneHalf && buffer.readUInt32LE(offset + 4) === noneHalf;
  return none ? null : readU64(buffer, offset);
}
