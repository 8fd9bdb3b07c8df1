import type { ClusterTimelineRunner } from '@rankscope/schema';

/** A stretch of one phase. Times are microseconds since the epoch, on the clock of the runner's node. */
export interface PhaseSlice {
  readonly phase: string;
  readonly startUs: number;
  /** Null while the rank is still inside. */
  readonly endUs: number | null;
  /** False where the recorder only shows that the rank was in the phase, not when it came. */
  readonly enterSeen: boolean;
  /** True when it was ended by the death of the process. */
  readonly lost: boolean;
  readonly detail: string | null;
}

/** A stretch inside one collective or one send or receive. */
export interface SiteSlice {
  readonly op: string;
  readonly group: number;
  /** Ordinal in its group; of a send or receive, per peer and direction. Null where the recorder does not count. */
  readonly barrierSeq: number | null;
  readonly layer: number | null;
  /** The other rank of a send or receive; null for a collective. */
  readonly peer: number | null;
  readonly startUs: number;
  readonly endUs: number | null;
  readonly enterSeen: boolean;
  /** Ended by an error or by death, not by arrival of the others. */
  readonly lost: boolean;
  readonly phase: string;
}

export interface LaneMark {
  readonly us: number;
  readonly kind: 'error' | 'cancel' | 'fault' | 'supervisor';
  readonly phase: string;
  readonly event: string;
  readonly detail: string | null;
}

/** Nothing is known of this stretch: `lost` entries are missing (at least one). */
export interface LaneGap {
  readonly startUs: number;
  readonly endUs: number;
  readonly lost: number;
}

export interface Lane {
  readonly runner: ClusterTimelineRunner;
  /** What the rank's task loop was in. They never overlap. */
  readonly slices: readonly PhaseSlice[];
  /** What ran beside the task loop: the parser has a thread of attention of its own. */
  readonly overlays: readonly PhaseSlice[];
  readonly sites: readonly SiteSlice[];
  readonly marks: readonly LaneMark[];
  readonly gaps: readonly LaneGap[];
  /** Time of the newest entry that the runner itself wrote. */
  readonly lastEntryUs: number | null;
  /** When the process ended; null while it lives. */
  readonly endedUs: number | null;
}
