import type { Stretch } from './stretch.ts';

/** Unbroken runs kept of one recorder before the rest is kept number by number. */
const maxRuns = 8;

interface Tally {
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

  /** The caller knows that the number is not held. */
  add(seq: number, us: number): void {
    const current = this.#current;
    const run = current?.lastSeq === seq - 1 ? current : this.#runs.find(({ lastSeq }) => lastSeq === seq - 1);
    if (run) {
      this.#current = run;
      extend(run, seq, us);
    } else if (this.#runs.length < maxRuns) {
      this.#current = beginTally(seq, us);
      this.#runs.push(this.#current);
    } else this.#addLoose(seq, us);
  }

  addUncounted(us: number): void {
    if (this.#uncounted === null) this.#uncounted = beginTally(-1, us);
    else extend(this.#uncounted, -1, us);
  }

  stretches(hour: number, source: number): Stretch[] {
    const tallies = [...this.#runs, this.#loose?.tally, this.#uncounted];
    return tallies.flatMap((tally) => (tally ? [{ hour, source, ...tally }] : []));
  }

  #addLoose(seq: number, us: number): void {
    if (this.#loose === null) this.#loose = { numbers: new Set([seq]), tally: beginTally(seq, us) };
    else {
      this.#loose.numbers.add(seq);
      extend(this.#loose.tally, seq, us);
    }
  }
}

function beginTally(seq: number, us: number): Tally {
  return { firstSeq: seq, lastSeq: seq, rows: 1, minUs: us, maxUs: us };
}

function extend(tally: Tally, seq: number, us: number): void {
  if (seq < tally.firstSeq) tally.firstSeq = seq;
  if (seq > tally.lastSeq) tally.lastSeq = seq;
  tally.rows += 1;
  if (us < tally.minUs) tally.minUs = us;
  if (us > tally.maxUs) tally.maxUs = us;
}
