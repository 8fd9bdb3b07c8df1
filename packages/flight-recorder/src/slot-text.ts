import { textBytes } from './ring-layout.ts';

const scratch = Buffer.alloc(textBytes);

/**
 * Writes text into a slot's 32 bytes, or into the first `limit` of them, padded with NUL, never splitting a character;
 * true when it had to be cut.
 */
export function writeSlotText(buffer: Buffer, text: string, offset: number, limit = textBytes): boolean {
  buffer.fill(0, offset, offset + textBytes);
  if (text.length === 0) return false;
  const written = buffer.write(text, offset, limit, 'utf8');
  // Only what did not fit leaves fewer bytes than the text needs; one code unit needs at most three.
  if (text.length > limit) return true;
  return text.length * 3 > limit && Buffer.byteLength(text) > written;
}

/** Text up to the first NUL. What is not UTF-8 shows as replacement characters. */
export function readText(buffer: Buffer, offset: number, bytes: number): string {
  const end = buffer.indexOf(0, offset);
  return buffer.toString('utf8', offset, end === -1 || end > offset + bytes ? offset + bytes : end);
}

/** Text of a slot, null when it has none. */
export function readSlotText(buffer: Buffer, offset: number): string | null {
  if (buffer[offset] === 0) return null;
  buffer.copy(scratch, 0, offset, offset + textBytes);
  return readText(scratch, 0, textBytes);
}
