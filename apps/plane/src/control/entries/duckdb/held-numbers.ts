import { isDense, type Stretch } from './stretch.ts';

/** Whether a number of a recorder is in the tables; `ask`: only the tables can tell. */
export type Held = 'held' | 'free' | 'ask';

/**
 * The numbers of one recorder in all blocks that are written, in a few intervals. Where a block has holes, its numbers
 * are not kept here: memory would grow with the rows. Such a block is looked into when a number falls between its ends.
 */
export class HeldNumbers {
  /** Intervals without holes, sorted, none touching the next. */
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  readonly #holed: Stretch[] = [];
  #lastHoled = -1;

  add(stretch: Stretch): void {
    if (stretch.firstSeq < 0) return;
    if (isDense(stretch)) this.#insert(stretch.firstSeq, stretch.lastSeq);
    else {
      this.#holed.push(stretch);
      this.#lastHoled = Math.max(this.#lastHoled, stretch.lastSeq);
    }
  }

  look(seq: number): Held {
    const at = this.#find(seq);
    if (at >= 0 && seq <= (this.#last[at] ?? -1)) return 'held';
    return seq <= this.#lastHoled && this.#holed.some((one) => covers(one, seq)) ? 'ask' : 'free';
  }

  /** Hours whose tables may hold the number. */
  hoursOf(seq: number): number[] {
    return this.#holed.filter((one) => covers(one, seq)).map(({ hour }) => hour);
  }

  /** The last interval that begins at `seq` or before; −1: none. */
  #find(seq: number): number {
    let low = 0;
    let high = this.#first.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#first[middle] ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #insert(first: number, last: number): void {
    let begin = this.#find(first);
    // The one before may reach up to the new one, and the new one over several behind it.
    if (begin < 0 || (this.#last[begin] ?? -1) < first - 1) begin += 1;
    let end = begin;
    while (end < this.#first.length && (this.#first[end] ?? 0) <= last + 1) end += 1;
    const from = end > begin ? Math.min(first, this.#first[begin] ?? first) : first;
    const to = end > begin ? Math.max(last, this.#last[end - 1] ?? last) : last;
    this.#first.splice(begin, end - begin, from);
    this.#last.splice(begin, end - begin, to);
  }
}

function covers({ firstSeq, lastSeq }: Stretch, seq: number): boolean {
  return seq >= firstSeq && seq <= lastSeq;
}
