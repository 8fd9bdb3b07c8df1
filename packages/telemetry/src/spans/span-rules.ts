/** How much of a recorder leaves as spans, and when an open phase is told of. */
export interface SpanRules {
  /** Age at which an open phase gets its first marker. */
  readonly stallAfterMs: number;
  /** Each further marker waits as long again as the phase is old, but no longer than this. */
  readonly stallGapMs: number;
  /** Phases of at least this length are all sent … */
  readonly wholeFromMs: number;
  /** … and of the shorter ones, one in so many. */
  readonly sampleOneIn: number;
  /** Phases that one rank may send a second on average, and at once. Errors, markers, tasks and anchors are not counted. */
  readonly phasesPerSecond: number;
  readonly phasesAtOnce: number;
}

export const defaultSpanRules: SpanRules = {
  // The longest wait that is still ordinary is loading; a collective takes milliseconds.
  stallAfterMs: 5_000,
  // A back end that is asked for the last minutes finds a marker of every hang.
  stallGapMs: 60_000,
  // Shorter than that nobody sees on a trace of seconds.
  wholeFromMs: 10,
  // A prime: the slots of a token come in fours and eights, and a sample must not walk in step with them.
  sampleOneIn: 101,
  // Twice what a rank at 50 tokens a second needs. A back end holds some 100,000 spans of one trace at most.
  phasesPerSecond: 100,
  phasesAtOnce: 500,
};
