import type { MlxMemoryBytes } from './flight-writer.ts';
import { decodeMemorySlot } from './ring-entry.ts';
import type { RingFile } from './ring-file.ts';
import { headEvery, headerAt, slotBytes } from './ring-layout.ts';
import { chunkSlots, SlotChunk } from './slot-chunk.ts';
import { readU64 } from './unsigned.ts';

/** The memory ring by entry number. Reads on from where it was; holds at most as many snapshots as the ring. */
export class MemoryIndex {
  readonly #file: RingFile;
  readonly #chunk = new SlotChunk();
  readonly #head = Buffer.alloc(8);
  readonly #byEntry = new Map<number, MlxMemoryBytes>();
  readonly #entryAt: number[] = [];
  #next = 0;

  constructor(file: RingFile) {
    this.#file = file;
  }

  /** The snapshot of entry `n`; null when the ring has it no more. A snapshot is written before its entry. */
  of(n: number): MlxMemoryBytes | null {
    const known = this.#byEntry.get(n);
    if (known !== undefined) return known;
    this.#catchUp();
    return this.#byEntry.get(n) ?? null;
  }

  #catchUp(): void {
    const { memoryCount, memoryOffset } = this.#file.header;
    this.#file.read(this.#head, 8, headerAt.memoryHead);
    const head = readU64(this.#head, 0);
    const end = head + headEvery;
    let firstMissing: number | null = null;
    for (let position = Math.max(this.#next, head - memoryCount); position < end; ) {
      const slot = position % memoryCount;
      const count = Math.min(chunkSlots, end - position, memoryCount - slot);
      this.#chunk.load(this.#file, count, memoryOffset + slot * slotBytes);
      for (let i = 0; i < count; i += 1) {
        if (this.#chunk.wholeNumber(i) === position + i) this.#keep(slot + i, i);
        else firstMissing ??= position + i;
      }
      position += count;
    }
    this.#next = firstMissing ?? end;
  }

  #keep(slot: number, index: number): void {
    const { entry, memory } = decodeMemorySlot(this.#chunk.buffer, index * slotBytes);
    const replaced = this.#entryAt[slot];
    if (replaced !== undefined) this.#byEntry.delete(replaced);
    this.#entryAt[slot] = entry;
    this.#byEntry.set(entry, memory);
  }
}
