export interface StopFilter {
  /** What may be shown of this text; nothing more comes once a stop sequence is whole. */
  push(text: string): string;
  /** What was held back because it could have become a stop sequence and did not. */
  flush(): string;
  readonly stopped: boolean;
}

/**
 * Ends a text before the first stop sequence that becomes whole, however it is cut into pieces. The end of a text that
 * may be the beginning of a stop sequence is held back: what has been shown cannot be taken back.
 */
export function createStopFilter(stops: readonly string[]): StopFilter {
  let held = '';
  let stopped = false;
  return {
    push(text) {
      if (stopped) return '';
      held += text;
      const at = findStop(held, stops);
      stopped = at !== null;
      const show = held.slice(0, at ?? held.length - beginningLength(held, stops));
      held = stopped ? '' : held.slice(show.length);
      return show;
    },
    flush() {
      const rest = held;
      held = '';
      return rest;
    },
    get stopped() {
      return stopped;
    },
  };
}

/** Where the first sequence to become whole begins; of two that end together, the longer. */
function findStop(text: string, stops: readonly string[]): number | null {
  let best: { start: number; end: number } | null = null;
  for (const stop of stops) {
    const start = text.indexOf(stop);
    if (start < 0) continue;
    const end = start + stop.length;
    if (best === null || end < best.end || (end === best.end && start < best.start)) best = { start, end };
  }
  return best?.start ?? null;
}

/** Length of the longest end of the text that begins a stop sequence. */
function beginningLength(text: string, stops: readonly string[]): number {
  const longest = Math.min(text.length, Math.max(0, ...stops.map((stop) => stop.length - 1)));
  for (let length = longest; length > 0; length -= 1) {
    if (stops.some((stop) => stop.startsWith(text.slice(-length)))) return length;
  }
  return 0;
}
