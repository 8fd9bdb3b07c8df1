/** What became of one signal's records so far. */
export interface SignalFacts {
  readonly queued: number;
  readonly exported: number;
  /** Given up unsent, because too many waited. */
  readonly dropped: number;
  /** Refused by the receiver, whole batches or parts of one. */
  readonly failed: number;
  /** Why the last attempt failed; null when it did not. */
  readonly trouble: string | null;
}
