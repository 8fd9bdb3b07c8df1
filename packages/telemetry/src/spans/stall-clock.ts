import type { SpanRules } from './span-rules.ts';

export interface DueStall {
  /** The how many-th marker it is, from 1. */
  readonly count: number;
  /** Age of the phase at which it was due. */
  readonly atMs: number;
}

/** The newest marker that is due for a phase of this age; null when none is yet. */
export function findDueStall(ageMs: number, { stallAfterMs, stallGapMs }: SpanRules): DueStall | null {
  if (ageMs < stallAfterMs) return null;
  let count = 1;
  let atMs = stallAfterMs;
  // Doubling first, then even steps: the steps of a hang of days are counted, not walked.
  while (atMs < stallGapMs) {
    if (ageMs < 2 * atMs) return { count, atMs };
    atMs *= 2;
    count += 1;
  }
  const steps = Math.floor((ageMs - atMs) / stallGapMs);
  return { count: count + steps, atMs: atMs + steps * stallGapMs };
}
