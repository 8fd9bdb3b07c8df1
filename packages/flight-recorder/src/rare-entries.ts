import { type BesideSlots, decodeSlot, type RingEntry } from './ring-entry.ts';
import type { RingFile } from './ring-file.ts';
import { slotBytes } from './ring-layout.ts';
import { chunkSlots, type SlotChunk } from './slot-chunk.ts';

/** The entries from `from` up to but not including `to` that the rare ring still has, in order. Reads the whole rare ring. */
export function findRareEntries(
  file: RingFile,
  chunk: SlotChunk,
  { from, to }: { readonly from: number; readonly to: number },
  beside: BesideSlots,
): RingEntry[] {
  const { rareCount, rareOffset } = file.header;
  const found = new Map<number, RingEntry>();
  for (let slot = 0; slot < rareCount; slot += chunkSlots) {
    const count = Math.min(chunkSlots, rareCount - slot);
    chunk.load(file, count, rareOffset + slot * slotBytes);
    for (let i = 0; i < count; i += 1) {
      const n = chunk.wholeNumber(i);
      if (n !== null && n >= from && n < to) found.set(n, decodeSlot(chunk.buffer, i * slotBytes, n, beside));
    }
  }
  return [...found.values()].sort((left, right) => left.n - right.n);
}
