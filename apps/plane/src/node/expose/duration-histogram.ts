/** A duration that stands for its bucket: a person looks from the histogram into this command's trace. */
export interface DurationExemplar {
  readonly commandId: string;
  readonly seconds: number;
  /** When it ended, on this machine's monotonic clock. */
  readonly endedAtNs: bigint;
}

/** Durations by bucket; the last bucket has no upper bound. */
export interface DurationHistogram {
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
  /** The newest of each bucket that belongs to a command. */
  readonly exemplars: readonly (DurationExemplar | null)[];
  readonly count: number;
  readonly sum: number;
}

export interface CountingHistogram extends DurationHistogram {
  observe(seconds: number, endedAtNs: bigint, commandId: string | null): void;
}

export function createDurationHistogram(buckets: readonly number[]): CountingHistogram {
  const counts: number[] = Array.from({ length: buckets.length + 1 }, () => 0);
  const exemplars: (DurationExemplar | null)[] = counts.map(() => null);
  let count = 0;
  let sum = 0;
  return {
    buckets,
    counts,
    exemplars,
    get count() {
      return count;
    },
    get sum() {
      return sum;
    },
    observe(seconds, endedAtNs, commandId) {
      let at = 0;
      while (at < buckets.length && seconds > (buckets[at] ?? 0)) at += 1;
      counts[at] = (counts[at] ?? 0) + 1;
      count += 1;
      sum += seconds;
      if (commandId !== null) exemplars[at] = { commandId, seconds, endedAtNs };
    },
  };
}
