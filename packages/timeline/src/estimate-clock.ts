/** A question to a node and its answer: when both crossed here, and what the node's clock said in between; microseconds. */
export interface ClockReading {
  readonly askedUs: number;
  readonly answeredUs: number;
  readonly saidUs: number;
}

/** The node's clock is ahead of ours by `offsetSeconds`, give or take `uncertaintySeconds`. A bound, not a guess. */
export interface ClockEstimate {
  readonly offsetSeconds: number;
  readonly uncertaintySeconds: number;
}

/** A clock that is being corrected runs at most 500 ppm off, and there are two of them. */
const driftPerSecond = 1e-3;

/**
 * Where the offset of another clock must lie, from questions and answers; null without any.
 *
 * The other clock was read at some moment between question and answer, and nobody knows which: so each reading bounds
 * the offset to an interval as wide as the round trip took, and no assumption about equal ways is made. Older readings
 * may only narrow what the newest one says. One that contradicts it says that a clock was set in between: that one and
 * all before it are no longer true.
 */
export function estimateClock(readings: readonly ClockReading[], nowUs: number): ClockEstimate | null {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (const { askedUs, answeredUs, saidUs } of readings.toSorted((a, b) => b.answeredUs - a.answeredUs)) {
    const slackUs = Math.max(0, nowUs - answeredUs) * driftPerSecond;
    const from = Math.max(low, saidUs - answeredUs - slackUs);
    const to = Math.min(high, saidUs - askedUs + slackUs);
    if (from > to) break;
    low = from;
    high = to;
  }
  if (!Number.isFinite(high)) return null;
  return { offsetSeconds: (low + high) / 2e6, uncertaintySeconds: (high - low) / 2e6 };
}
