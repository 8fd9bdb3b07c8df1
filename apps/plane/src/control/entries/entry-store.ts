import type { EntryBatch, NodeDiagnostics } from '@rankscope/schema';

/** What one question to a node's recorders brought, to be kept. */
export interface Tailed {
  readonly nodeId: string;
  readonly batch: EntryBatch;
  /** Where to go on behind these rows; kept together with them, so that none is asked for twice or left out. */
  readonly cursor: string;
  /** The node's own words without entries, kept as its last words; null where only entries came (telemetry). */
  readonly diagnostics: NodeDiagnostics | null;
}

export interface EntryQuery {
  /** Microseconds since the Unix epoch, both inclusive; null: open. */
  readonly sinceUs: number | null;
  readonly untilUs: number | null;
  readonly nodeId: string | null;
  readonly instanceId: string | null;
  readonly runnerIds: readonly string[] | null;
  readonly taskId: string | null;
  readonly commandId: string | null;
  /** The newest so many of each runner. */
  readonly limitPerRunner: number;
}

export interface EntryAnswer {
  /** By recorder, then by number. */
  readonly batch: EntryBatch;
  /** Rows that match were left out because of the limit. */
  readonly truncated: boolean;
}

export interface StoreFacts {
  readonly rows: number;
  readonly diskBytes: number;
  readonly oldestUs: number | null;
  /** Rows that were not kept: the queue was full, or the disk refused them. */
  readonly lostRows: number;
  /** Rows that were held already. */
  readonly doubleRows: number;
  /** Why nothing is kept at present, or what had to be put away to go on; null when all is well. */
  readonly problem: string | null;
}

/** The entries of all nodes, kept beyond their recorders and beyond the nodes. */
export interface EntryStore {
  /**
   * Resolves when the rows and the cursor are on disk, together or not at all. A row that is held already, by recorder
   * and number, is not kept twice. Rejects with StoreFullError when more waits to be written than may.
   */
  append(tailed: Tailed): Promise<void>;
  /** Rejects with StoreQuestionError when the answer would take too long or be too large, StoreFullError when many wait. */
  query(query: EntryQuery): Promise<EntryAnswer>;
  /** What a node last said, with the newest `limit` entries of each of its runners; null for a node never heard. */
  lastWords(nodeId: string, limit: number): Promise<NodeDiagnostics | null>;
  /** Where to go on tailing a node; empty when it was never tailed. */
  cursorOf(nodeId: string): Promise<string>;
  /** Answers whatever state the store is in. */
  facts(): Promise<StoreFacts>;
  close(): Promise<void>;
}

/** Too much waits to be written; the caller keeps its cursor and comes again. */
export class StoreFullError extends Error {
  override readonly name = 'StoreFullError';
}

/** Nothing can be kept or answered at present: the disk is full, another process holds the file. It may pass. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** The question takes longer, or brings more, than the store gives one; the message says what helps. */
export class StoreQuestionError extends Error {
  override readonly name = 'StoreQuestionError';
}
