import { formatTimestamp } from '@rankscope/schema';

/** Earlier than any rank: a clock that was never set, or one that counts from its start. */
const earliestUs = Date.UTC(2000, 0, 1) * 1000;
/** Clocks of machines differ, and some people set theirs to local time. */
const aheadUs = 24 * 3_600_000_000;

/** Why a time can be no rank's; null when it can. An entry of 2554 would stand at the end of the timeline for ever. */
export function findTimeFault(field: string, us: number, nowUs: number): string | null {
  if (us < earliestUs) return `${field} is ${timeText(us)}, before 2000: is the sender's clock set?`;
  if (us > nowUs + aheadUs)
    return `${field} is ${timeText(us)}, more than a day from now: is the sender's clock right?`;
  return null;
}

export function timeText(us: number): string {
  return formatTimestamp(BigInt(Math.round(us)) * 1_000n);
}
