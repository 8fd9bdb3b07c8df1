import type { RingFile } from './ring-file.ts';
import { numberOfSeq, slotAt, slotBytes, writtenSeq } from './ring-layout.ts';
import { readU64 } from './unsigned.ts';

/** Slots that are copied at once: 64 KiB. */
export const chunkSlots = 512;

/**
 * What a slot is to somebody who looks for one entry in it: the entry *whole*; *unfinished*, its writer is or died in
 * it; still *older* content; or already *overwritten* by a later entry.
 */
export type SlotState = 'whole' | 'unfinished' | 'older' | 'overwritten';

/**
 * A copy of some slots in a row. Everything is copied twice and a slot counts only when both copies agree: the first
 * copy shows that the writer was done before the second began, the second that nobody had begun anew.
 */
export class SlotChunk {
  readonly buffer = Buffer.alloc(chunkSlots * slotBytes);
  readonly #first = Buffer.alloc(chunkSlots * slotBytes);
  #allStable = false;

  load(file: RingFile, count: number, position: number): void {
    const length = count * slotBytes;
    file.read(this.#first, length, position);
    file.read(this.buffer, length, position);
    this.#allStable = this.#first.compare(this.buffer, 0, length, 0, length) === 0;
  }

  /** The number of the entry that the slot holds whole; null when it holds none. */
  wholeNumber(index: number): number | null {
    const offset = index * slotBytes;
    const seq = readU64(this.buffer, offset);
    const whole =
      seq !== 0 && seq % 2 === 0 && readU64(this.buffer, offset + slotAt.seq2) === seq && this.#isStable(offset);
    return whole ? numberOfSeq(seq) : null;
  }

  /** What the slot is to somebody who looks for entry `number` of a ring of `ringCount` slots. */
  state(index: number, number: number, ringCount: number): SlotState {
    const offset = index * slotBytes;
    const seq = readU64(this.buffer, offset);
    const seq2 = readU64(this.buffer, offset + slotAt.seq2);
    const written = writtenSeq(number);
    if (seq === written && seq2 === written) return this.#isStable(offset) ? 'whole' : 'unfinished';
    const held = numberOfSeq(seq);
    if (held > number) return (held - number) % ringCount === 0 ? 'overwritten' : 'unfinished';
    return held === number || seq2 === written ? 'unfinished' : 'older';
  }

  #isStable(offset: number): boolean {
    return (
      this.#allStable || this.#first.compare(this.buffer, offset, offset + slotBytes, offset, offset + slotBytes) === 0
    );
  }
}
