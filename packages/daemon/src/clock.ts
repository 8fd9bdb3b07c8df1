import { performance } from 'node:perf_hooks';

/** Where time comes from; handed down, so that a test brings its own. */
export interface Clock {
  /** CLOCK_MONOTONIC: the clock of the recorder's slots, the same in every process of this machine since its boot. */
  monoNs(): bigint;
  /** Nanoseconds since the epoch. Never goes back. */
  wallNs(): bigint;
  /** When, by the wall, a monotonic time of this machine was. */
  wallAtNs(monoNs: bigint): bigint;
}

export interface ClockSources {
  readonly monoNs: () => bigint;
  readonly wallNs: () => bigint;
}

/**
 * Wall time is monotonic time plus a difference that is taken once, here.
 *
 * Reading the wall clock for each stamp would let `at` run backwards, or jump, whenever NTP or a person sets it; then
 * phases have negative lengths and an ordering by time is wrong. The price: after a large correction our stamps keep
 * the old difference until the process starts again. Cross-machine order never rests on these stamps (diagnosis
 * bounds the offsets from released collectives), so a constant error is the better one.
 */
export function createClock(sources: ClockSources = systemSources): Clock {
  const differenceNs = measureDifferenceNs(sources);
  return {
    monoNs: sources.monoNs,
    wallNs: () => sources.monoNs() + differenceNs,
    wallAtNs: (monoNs) => monoNs + differenceNs,
  };
}

/** The wall reading between the two closest monotonic ones; a pre-emption between them would be an error of that size. */
function measureDifferenceNs({ monoNs, wallNs }: ClockSources): bigint {
  const attempts = 5;
  let best = { widthNs: 0n, differenceNs: 0n };
  for (let i = 0; i < attempts; i += 1) {
    const before = monoNs();
    const wall = wallNs();
    const after = monoNs();
    const widthNs = after - before;
    if (i === 0 || widthNs < best.widthNs) best = { widthNs, differenceNs: wall - (before + widthNs / 2n) };
  }
  return best.differenceNs;
}

const systemSources: ClockSources = {
  monoNs: () => process.hrtime.bigint(),
  // Date.now() has milliseconds only; this has microseconds, taken by Node when the process began.
  wallNs: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n,
};
