import type { RingFile } from './ring-file.ts';
import { slotBytes } from './ring-layout.ts';
import { chunkSlots, type SlotChunk } from './slot-chunk.ts';

/** A copy of a slot that holds entry `n` whole. */
interface RareSlot {
  readonly n: number;
  readonly bytes: Buffer;
}

/** The entries from `from` up to but not including `to` that the rare ring still has, in order. Reads the whole rare ring. */
export function findRareSlots(
  file: RingFile,
  chunk: SlotChunk,
  { from, to }: { readonly from: number; readonly to: number },
): RareSlot[] {
  const { rareCount, rareOffset } = file.header;
  const found = new Map<number, Buffer>();
  for (let slot = 0; slot < rareCount; slot += chunkSlots) {
    const count = Math.min(chunkSlots, rareCount - slot);
    chunk.load(file, count, rareOffset + slot * slotBytes);
    for (let i = 0; i < count; i += 1) {
      const n = chunk.wholeNumber(i);
      if (n !== null && n >= from && n < to)
        found.set(n, Buffer.from(chunk.buffer.subarray(i * slotBytes, (i + 1) * slotBytes)));
    }
  }
  return [...found].map(([n, bytes]) => ({ n, bytes })).sort((left, right) => left.n - right.n);
}
