import type { Stretch } from './stretch.ts';

/** Unbroken runs kept of one recorder before the rest is kept number by number. */
const maxRuns = 8;

/** Rows, by their lowest and highest number and time. */
export interface Tally {
  firstSeq: number;
  lastSeq: number;
  rows: number;
  minUs: number;
  maxUs: number;
}

/**
 * The numbers of one recorder in the block that is being written, exactly. A recorder that is tailed counts without
 * holes and is one run; one whose entries come as telemetry, in any order, is a set.
 */
export class OpenNumbers {
  readonly #runs: Tally[] = [];
  #current: Tally | null = null;
  #loose: { readonly numbers: Set<number>; readonly tally: Tally } | null = null;
  #uncounted: Tally | null = null;

  has(seq: number): boolean {
    for (const run of this.#runs) if (seq >= run.firstSeq && seq <= run.lastSeq) return true;
    return this.#loose?.numbers.has(seq) === true;
  }

  /** Numbers from `firstSeq` on, one after another. The caller knows that none of them is held. */
  add(added: Readonly<Tally>): void {
    const { firstSeq } = added;
    const current = this.#current;
    const run =
      current?.lastSeq === firstSeq - 1 ? current : this.#runs.find(({ lastSeq }) => lastSeq === firstSeq - 1);
    if (run) {
      this.#current = run;
      extend(run, added);
    } else if (this.#runs.length < maxRuns) {
      this.#current = { ...added };
      this.#runs.push(this.#current);
    } else this.#addLoose(added);
  }

  addUncounted(us: number): void {
    const added = { firstSeq: -1, lastSeq: -1, rows: 1, minUs: us, maxUs: us };
    if (this.#uncounted === null) this.#uncounted = added;
    else extend(this.#uncounted, added);
  }

  stretches(hour: number, source: number): Stretch[] {
    const tallies = [...this.#runs, this.#loose?.tally, this.#uncounted];
    return tallies.flatMap((tally) => (tally ? [{ hour, source, ...tally }] : []));
  }

  #addLoose(added: Readonly<Tally>): void {
    if (this.#loose === null) this.#loose = { numbers: new Set(), tally: { ...added } };
    else extend(this.#loose.tally, added);
    for (let seq = added.firstSeq; seq <= added.lastSeq; seq += 1) this.#loose.numbers.add(seq);
  }
}

function extend(tally: Tally, added: Readonly<Tally>): void {
  tally.firstSeq = Math.min(tally.firstSeq, added.firstSeq);
  tally.lastSeq = Math.max(tally.lastSeq, added.lastSeq);
  tally.rows += added.rows;
  tally.minUs = Math.min(tally.minUs, added.minUs);
  tally.maxUs = Math.max(tally.maxUs, added.maxUs);
}
