/** A collective that a rank stands in or stood in. */
export interface Site {
  readonly op: string;
  readonly group: number;
  readonly barrierSeq: number | null;
  readonly layer: number | null;
  readonly peer: number | null;
}

export interface OpenPhase {
  readonly seq: number;
  readonly phase: string;
  readonly startNs: bigint;
  readonly commandId: string | null;
  readonly taskId: string | null;
  readonly detail: string | null;
  /** Its enter is also in the rare ring: what was overwritten in between cannot have been its exit. */
  readonly rare: boolean;
  /** The last collective inside it. */
  site: Site | null;
  /** Number of the last marker. */
  stalls: number;
}

export interface OpenTask {
  readonly seq: number;
  readonly startNs: bigint;
  readonly commandId: string;
  readonly taskId: string | null;
}

/** A command whose rank anchor was made. */
export interface SeenCommand {
  readonly commandId: string;
  ended: boolean;
}

/**
 * What is known of a recorder after some of its entries: small, whatever it has recorded. Times are CLOCK_MONOTONIC
 * nanoseconds. Kept on disk with the position, so that whoever goes on does so as if there had been no interruption.
 */
export interface PlanState {
  /** Number of the next entry. */
  next: number;
  /** The attempt's anchors were made. */
  anchored: boolean;
  /** Everything was said, the end included. */
  done: boolean;
  /** Oldest first. */
  commands: SeenCommand[];
  /** Per now-cell, outermost first. */
  open: Record<number, OpenPhase[]>;
  site: Site | null;
  /** Ordinal of the last collective of the world that the rank left. */
  lastLeft: number | null;
  task: OpenTask | null;
  lastEntryNs: bigint | null;
  /** What may still be sent at once, and since when that is so. */
  allowance: { phases: number; atNs: bigint };
}

export function createPlanState(phasesAtOnce: number): PlanState {
  return {
    next: 0,
    anchored: false,
    done: false,
    commands: [],
    open: {},
    site: null,
    lastLeft: null,
    task: null,
    lastEntryNs: null,
    allowance: { phases: phasesAtOnce, atNs: 0n },
  };
}
