import type { AppendRequest } from './store-messages.ts';

/** Appends are gathered until they are so many rows, or so long: a transaction costs as much as a thousand rows. */
const gatherRows = 2_048;
const gatherMs = 75;

/** Appends that wait for the next transaction. How many may wait is decided where they are sent from. */
export class AppendQueue {
  #requests: AppendRequest[] = [];
  #rows = 0;
  /** The oldest of them has waited long enough. */
  #isOld = false;
  readonly #onDue: () => void;

  /** `onDue` is called when the oldest has waited long enough. */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  get isEmpty(): boolean {
    return this.#requests.length === 0;
  }

  get isDue(): boolean {
    return !this.isEmpty && (this.#isOld || this.#rows >= gatherRows);
  }

  add(request: AppendRequest): void {
    if (this.isEmpty) {
      this.#isOld = false;
      setTimeout(() => {
        this.#isOld = true;
        this.#onDue();
      }, gatherMs);
    }
    this.#requests.push(request);
    this.#rows += request.batch.rows;
  }

  /** The oldest, until they are so many rows; at least one. */
  take(mostRows: number): AppendRequest[] {
    let count = 0;
    let rows = 0;
    while (count < this.#requests.length && (count === 0 || rows < mostRows)) {
      rows += this.#requests[count]?.batch.rows ?? 0;
      count += 1;
    }
    this.#rows -= rows;
    return this.#requests.splice(0, count);
  }
}
