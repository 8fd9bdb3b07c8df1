/** The two clocks of a ring file, in nanoseconds. */
export interface RingClock {
  /** CLOCK_MONOTONIC. */
  monotonicNs(): bigint;
  /** Since the Unix epoch. Read once, for the anchor. */
  wallNs(): bigint;
}

export const systemClock: RingClock = {
  monotonicNs: () => process.hrtime.bigint(),
  wallNs: wallNsAtTick,
};

/** The wall clock shows milliseconds; the moment in which it ticks is exact to a few microseconds and at most 1 ms off. */
function wallNsAtTick(): bigint {
  const start = Date.now();
  let now = start;
  while (now === start) now = Date.now();
  return BigInt(now) * 1_000_000n;
}
