import { setTimeout as after } from 'node:timers/promises';

/** The same numbers for the same seed, so that a run can be run again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Who is killed, and when: after so many tokens of an answer, and so many tokens' time later. */
export interface KillOrder {
  readonly victim: number;
  readonly tokens: number;
  readonly laterBy: number;
}

export function drawKill(random: () => number, worldSize: number, mostTokens: number): KillOrder {
  return {
    victim: Math.floor(random() * worldSize),
    tokens: 2 + Math.floor(random() * (mostTokens - 1)),
    laterBy: random() * 2,
  };
}

/**
 * Waits for the moment of a kill. Tokens are counted so that an answer is being decoded whatever the machine's pace; the
 * rest of the wait spans two tokens of this very answer, so that the moment has nothing to do with when a token came.
 */
export async function untilMoment(
  { tokens, laterBy }: KillOrder,
  untilTokens: (count: number) => Promise<unknown>,
): Promise<void> {
  await untilTokens(1);
  const firstMs = performance.now();
  await untilTokens(tokens);
  const tokenMs = (performance.now() - firstMs) / (tokens - 1);
  await after(laterBy * tokenMs); // not a wait for something: the moment is what varies
}
