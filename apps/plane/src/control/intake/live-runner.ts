import { type EntryBatch, entryAt, type FlightEntry } from '@rankscope/schema';
import type { RunnerState } from '@rankscope/telemetry/intake';

/** Rows that are in memory. */
export interface LiveBatch {
  readonly batch: EntryBatch;
  /** Numbers grow by one; batches that were put together have several. */
  readonly firstNo: number;
  readonly no: number;
  /** On disk, or there is none: what is not yet may not be forgotten. */
  stored: boolean;
}

/** A rank that sends telemetry, with what of it is in memory. */
export interface LiveRunner {
  readonly runnerId: string;
  state: RunnerState;
  /** Its rows in the batches at hand. */
  rows: number;
  /** Its newest rows of batches that had to go, while it has too few others: a rank that hangs sends no more. */
  kept: FlightEntry[];
  /** Its newest rows as entries, made when somebody asked, each with the number of its batch. */
  made: readonly { readonly no: number; readonly entry: FlightEntry }[];
}

/** A row as a recorder's entry. */
export function flightEntryAt(batch: EntryBatch, row: number): FlightEntry {
  const { at, phase, event, detail, attrs, taskId, commandId, mlxMemory } = entryAt(batch, row);
  return { at, phase, event, detail, attrs, context: null, taskId, commandId, mlxMemory };
}
