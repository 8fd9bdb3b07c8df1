import { readFileSync } from 'node:fs';

/** What a reader of before the string table makes of entry `n`'s text: it knows 32 bytes, a NUL and one flag. */
export function readAsVersion1(path: string, n: number): { readonly text: string; readonly cut: boolean } {
  const file = readFileSync(path);
  const mainCount = file.readUInt32LE(28);
  const slot = Number(file.readBigUInt64LE(56)) + (n % mainCount) * 128;
  const field = file.subarray(slot + 88, slot + 120);
  const end = field.indexOf(0);
  return { text: field.toString('utf8', 0, end === -1 ? 32 : end), cut: (file.readUInt8(slot + 75) & 2) !== 0 };
}
