import type { LogFields, LogLevel } from '@rankscope/daemon';
import type { EntryQuery, StoreFacts } from '../entry-store.ts';
import type { PackedBatch } from '../packed-batch.ts';
import type { Appended } from './commit-appends.ts';
import type { Retention } from './plan-retention.ts';
import type { PackedAnswer } from './run-query.ts';

/** What the store's thread is started with. */
export interface StoreSettings {
  /** Absolute, ends in `.duckdb`. */
  readonly path: string;
  readonly retention: Retention;
}

export interface AppendRequest {
  readonly type: 'append';
  readonly id: number;
  readonly nowMs: number;
  readonly nodeId: string;
  readonly cursor: string;
  /** JSON. */
  readonly diagnostics: string | null;
  readonly batch: PackedBatch;
}

/** Every request with an id is answered once, under its id. */
export type ToStore =
  | AppendRequest
  | { readonly type: 'query'; readonly id: number; readonly query: EntryQuery }
  | { readonly type: 'lastWords'; readonly id: number; readonly nodeId: string; readonly limit: number }
  | { readonly type: 'cursorOf'; readonly id: number; readonly nodeId: string }
  | { readonly type: 'facts'; readonly id: number }
  | { readonly type: 'close'; readonly id: number }
  /** The process is about to end; the gate is shut. */
  | { readonly type: 'halt' }
  /** Time has passed without appends: rows may have become too old. */
  | { readonly type: 'tick'; readonly nowMs: number };

/** Why a request came to nothing. */
export type FailureKind = 'full' | 'unavailable' | 'tooMuch';

/** What the store's thread knows of itself; the rest of {@link StoreFacts} is known in front of it. */
export type HeldFacts = Omit<StoreFacts, 'lostRows' | 'doubleRows'>;

export type FromStore =
  | ({ readonly type: 'appended'; readonly id: number } & Appended)
  | { readonly type: 'answered'; readonly id: number; readonly answer: PackedAnswer }
  | {
      readonly type: 'words';
      readonly id: number;
      readonly diagnostics: string | null;
      readonly answer: PackedAnswer;
    }
  | { readonly type: 'cursor'; readonly id: number; readonly cursor: string }
  | { readonly type: 'facts'; readonly id: number; readonly facts: HeldFacts }
  | { readonly type: 'closed'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly kind: FailureKind; readonly message: string }
  /** The thread ends by itself, because of a fault of ours. */
  | { readonly type: 'died'; readonly reason: string }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string; readonly fields: LogFields };
