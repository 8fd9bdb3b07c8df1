/** What became of the spans, or log records, of requests. Every one is counted in exactly one of these but `records`. */
export interface Tally {
  /** All that came. */
  records: number;
  /** Became rows, or said once more what was known. */
  shown: number;
  /** No rank's (`rankscope.rank` is not there): not an error, and not ours. */
  notRanks: number;
  /** A rank's, but no phase: its other work, or an anchor that only holds a trace together. */
  notPhases: number;
  /** Sent before. */
  repeated: number;
  /** Of ranks whose entries come at full resolution from their own plane. */
  doubles: number;
  /** Invalid: the sender was told. */
  rejected: number;
}

export type Outcome = Exclude<keyof Tally, 'records'>;

export function emptyTally(): Tally {
  return { records: 0, shown: 0, notRanks: 0, notPhases: 0, repeated: 0, doubles: 0, rejected: 0 };
}

export function addTally(to: Tally, more: Readonly<Tally>): void {
  for (const key of Object.keys(to) as (keyof Tally)[]) to[key] += more[key];
}

/** Reasons that a sender is told; the rest is a number. */
const shownReasons = 5;

/** Of one request: how much was invalid, and the first few reasons. */
export class Rejections {
  count = 0;
  readonly #reasons: string[] = [];

  add(place: { path(): string }, reason: string): void {
    this.count += 1;
    if (this.#reasons.length < shownReasons) this.#reasons.push(`${place.path()}: ${reason}`);
  }

  clear(): void {
    this.count = 0;
    this.#reasons.length = 0;
  }

  /** Empty when nothing was rejected. */
  message(): string {
    const more = this.count - this.#reasons.length;
    return this.#reasons.join('; ') + (more > 0 ? `; and ${more} more` : '');
  }
}
