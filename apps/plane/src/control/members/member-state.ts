/** A node of the cluster as its leader keeps it. Times are milliseconds since the Unix epoch. */
export interface Member {
  readonly nodeId: string;
  /** Null when its last address belongs to another node by now. */
  readonly url: string | null;
  readonly friendlyName: string | null;
  readonly version: string;
  /** Which process of its plane reported last. */
  readonly incarnation: string;
  readonly bootId: string;
  /** When it was last heard, or when this leader began to listen. */
  readonly lastReportMs: number;
  /** Since when it has reported without a gap; null while it is silent. */
  readonly reportsSinceMs: number | null;
}

export interface MemberState {
  /** Grows whenever what the nodes are told of each other changes, also over restarts and lost disks. */
  readonly revision: number;
  readonly members: readonly Member[];
  /** Processes that said goodbye, newest last: a report of theirs that was on its way must not bring them back. */
  readonly departed: readonly string[];
}

/** Who keeps the list. `url` is null where it is bound to every address. */
export interface Leader {
  readonly nodeId: string;
  readonly incarnation: string;
  readonly url: string | null;
}

/**
 * A node that neither leaves nor reports is expected, and shown as unreachable, for a day; then it is forgotten. One
 * that is switched on again later joins by itself.
 */
export const forgetAfterMs = 24 * 3_600_000;

/** Goodbyes worth remembering: a report overtaken by one is milliseconds late, so these are far more than enough. */
export const maxDeparted = 64;

/** The next revision. Wall time keeps a leader that has lost its disk from using a number again for another list. */
export function nextRevision(revision: number, nowMs: number): number {
  return Math.max(revision + 1, nowMs);
}
