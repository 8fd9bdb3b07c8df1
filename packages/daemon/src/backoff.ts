export interface BackoffOptions {
  readonly firstMs: number;
  readonly ceilingMs: number;
  /** In [0, 1). Without it all that failed together come back together. */
  readonly random: () => number;
}

export interface Backoff {
  /** How long to wait before the next attempt: doubles up to the ceiling, between half and all of it by chance. */
  nextMs(): number;
  /** After a success. */
  reset(): void;
}

export function createBackoff({ firstMs, ceilingMs, random }: BackoffOptions): Backoff {
  let failures = 0;
  return {
    nextMs() {
      const fullMs = Math.min(ceilingMs, firstMs * 2 ** failures);
      // Past this exponent every sane ceiling is reached, and 2 ** failures would run towards Infinity.
      failures = Math.min(failures + 1, 30);
      return Math.round(fullMs / 2 + (fullMs / 2) * random());
    },
    reset() {
      failures = 0;
    },
  };
}
