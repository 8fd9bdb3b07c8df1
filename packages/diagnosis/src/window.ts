import type { EntryBatch } from '@rankscope/schema';
import { type Row, rowAt } from './row.ts';

/** Newest entries of a runner that are judged: some hundred collectives, as many as a straggler's window wants. */
export const windowRows = 1_024;
/** Runners that are remembered; the longest silent are forgotten first. */
const maxWindows = 4_096;

/** The newest entries of one runner, in its own order, each once. */
export interface Window {
  readonly rows: readonly Row[];
}

/** What is carried from call to call. The same entries give the same windows, in whatever order they came. */
export interface DiagnosisMemory {
  readonly windows: ReadonlyMap<string, Window>;
}

export const emptyMemory: DiagnosisMemory = { windows: new Map() };

/** The memory with these entries added. What a supervisor recorded for a runner is not the runner's own progress. */
export function remember(memory: DiagnosisMemory, batches: readonly EntryBatch[]): DiagnosisMemory {
  const fresh = new Map<string, Row[]>();
  for (const batch of batches) collect(batch, fresh);
  if (fresh.size === 0) return memory;
  const windows = new Map(memory.windows);
  for (const [runnerId, rows] of fresh) {
    const window = merge(windows.get(runnerId)?.rows ?? [], rows);
    // Written last, kept longest.
    windows.delete(runnerId);
    windows.set(runnerId, { rows: window });
  }
  for (const runnerId of windows.keys()) {
    if (windows.size <= maxWindows) break;
    windows.delete(runnerId);
  }
  return { windows };
}

function collect(batch: EntryBatch, fresh: Map<string, Row[]>): void {
  const taken = new Uint32Array(batch.sources.length);
  // Backwards: of a long batch only the newest rows of each recorder are looked at.
  for (let at = batch.rows - 1; at >= 0; at -= 1) {
    const index = batch.columns.source[at] ?? 0;
    const source = batch.sources[index];
    if (source === undefined || source.recorder !== '') continue;
    if ((taken[index] ?? 0) >= 2 * windowRows) continue;
    taken[index] = (taken[index] ?? 0) + 1;
    const rows = fresh.get(source.runnerId);
    if (rows) rows.push(rowAt(batch, at));
    else fresh.set(source.runnerId, [rowAt(batch, at)]);
  }
}

function merge(known: readonly Row[], fresh: readonly Row[]): Row[] {
  const last = known.at(-1);
  const sorted = sortOnce(fresh);
  const first = sorted[0];
  const joined =
    last === undefined || (first !== undefined && compareRows(last, first) < 0)
      ? [...known, ...sorted]
      : sortOnce([...known, ...sorted]);
  return joined.length > windowRows ? joined.slice(-windowRows) : joined;
}

function sortOnce(rows: readonly Row[]): Row[] {
  const sorted = rows.toSorted(compareRows);
  return sorted.filter((row, at) => at === 0 || compareRows(sorted[at - 1] as Row, row) !== 0);
}

/** By number where the recorder counts; else by its own clock, and what is equal in all that is read is one entry. */
function compareRows(a: Row, b: Row): number {
  if (a.seq >= 0 && b.seq >= 0) return a.seq - b.seq;
  return a.atUs - b.atUs || compareText(wordsOf(a), wordsOf(b));
}

function wordsOf(row: Row): string {
  return JSON.stringify([
    row.seq,
    row.phase,
    row.event,
    row.taskId,
    row.group,
    row.ordinal,
    row.op,
    row.peers,
    row.chunkIndex,
  ]);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
