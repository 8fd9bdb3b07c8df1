import type { EntryBatch, Witness } from '@rankscope/schema';

/** A runner as its supervisor last told of it. */
export interface DiagnosedRunner {
  readonly nodeId: string;
  readonly runnerId: string;
  readonly instanceId: string;
  readonly modelId: string;
  readonly rank: number;
  readonly worldSize: number;
  readonly attempt: number;
  readonly processAlive: boolean;
  readonly exitCode: number | null;
  readonly exitSignal: string | null;
  readonly errorMessage: string | null;
  readonly statusKind: string;
  readonly phase: string;
  readonly secondsInPhase: number;
  /** On the node's own monotonic clock; null where the producer does not tell. */
  readonly secondsSinceProgress: number | null;
  readonly taskId: string | null;
  /** Bytes; null where unknown. */
  readonly memoryActive: number | null;
  readonly memoryWiredLimit: number | null;
  /** When this was heard, in microseconds since the epoch, by the clock of the plane that diagnoses. */
  readonly heardAtUs: number;
  /** The node did not answer: these are its last words. */
  readonly stale: boolean;
  readonly ringFirstSeq: number | null;
  readonly dropped: number;
  readonly witness: Witness | null;
}

export interface DiagnosedNode {
  readonly nodeId: string;
  readonly reachable: boolean;
  /** Since when it has not answered, by the clock of whoever asked, in microseconds since the epoch. */
  readonly unreachableSinceUs: number | null;
  /** Half of the round trip to it, in microseconds; null where it was not measured. */
  readonly uncertaintyUs: number | null;
}

/** A rank slot that should exist, from the control plane. */
export interface ExpectedRank {
  readonly instanceId: string;
  readonly rank: number;
  readonly nodeId: string;
  /** Its end was asked for: a dead process is no news. */
  readonly ending: boolean;
}

/** What is known at one moment. Entries may come in any number of batches, doubled, late and in any order. */
export interface DiagnosisInput {
  /** Microseconds since the epoch, by the clock of the plane that diagnoses. */
  readonly nowUs: number;
  readonly localNodeId: string;
  readonly masterNodeId: string | null;
  readonly runners: readonly DiagnosedRunner[];
  readonly nodes: readonly DiagnosedNode[];
  /** Empty where nobody says what is expected. */
  readonly expected: readonly ExpectedRank[];
  /** What came since the last call. */
  readonly entries: readonly EntryBatch[];
}
