import { type EntryBatch, EntryBatchBuilder, type EntrySource, recorderKey, valueAt } from '@rankscope/schema';
import { createRowCopier } from './copy-rows.ts';
import type { EntryAnswer, EntryQuery } from './entry-store.ts';

/**
 * The rows of some batches that a query asks for, each once, the newest so many of each runner; by recorder, then by
 * number. Within a recorder rows nearly always come in order, so they are put in order only where they did not.
 */
export function selectRows(batches: readonly EntryBatch[], query: EntryQuery): EntryAnswer {
  const found = new Map<string, RecorderRows>();
  for (const [index, batch] of batches.entries()) collect(batch, index, query, found);
  const recorders = [...found.values()].sort((a, b) => compareText(a.key, b.key));
  for (const recorder of recorders) putInOrder(recorder, batches);
  let truncated = false;
  for (const own of Map.groupBy(recorders, ({ runnerId }) => runnerId).values())
    truncated = keepNewest(own, batches, query.limitPerRunner) || truncated;

  const builder = new EntryBatchBuilder(recorders.reduce((sum, { places, first }) => sum + places.length - first, 0));
  const copiers = batches.map((batch) => createRowCopier(builder, batch));
  for (const { places, first } of recorders)
    for (let i = first; i < places.length; i += 1) copiers[batchOf(places[i] ?? 0)]?.copy(rowOf(places[i] ?? 0));
  return { batch: builder.build(), truncated };
}

interface RecorderRows {
  readonly key: string;
  readonly runnerId: string;
  /** Which batch and which row, as one number: a million rows are no million objects. */
  places: number[];
  /** Rows before it are left out. */
  first: number;
  lastSeq: number;
  inOrder: boolean;
}

const rowSpan = 2 ** 21;
const batchOf = (place: number) => Math.floor(place / rowSpan);
const rowOf = (place: number) => place % rowSpan;

function collect(batch: EntryBatch, index: number, query: EntryQuery, found: Map<string, RecorderRows>): void {
  const wanted = batch.sources.map((source) => (isWanted(source, query) ? recorderOf(source, found) : null));
  const { sinceUs, untilUs } = query;
  const taskId = placeOf(batch, query.taskId);
  const commandId = placeOf(batch, query.commandId);
  for (let row = 0; row < batch.rows; row += 1) {
    const recorder = wanted[valueAt(batch, 'source', row)];
    if (recorder === null || recorder === undefined) continue;
    const us = valueAt(batch, 'atUs', row);
    if ((sinceUs !== null && us < sinceUs) || (untilUs !== null && us > untilUs)) continue;
    if (taskId !== null && valueAt(batch, 'taskId', row) !== taskId) continue;
    if (commandId !== null && valueAt(batch, 'commandId', row) !== commandId) continue;
    const seq = valueAt(batch, 'seq', row);
    if (seq <= recorder.lastSeq) recorder.inOrder = false;
    recorder.lastSeq = seq;
    recorder.places.push(index * rowSpan + row);
  }
}

function isWanted(source: EntrySource, { nodeId, instanceId, runnerIds }: EntryQuery): boolean {
  if (nodeId !== null && source.nodeId !== nodeId) return false;
  if (instanceId !== null && source.instanceId !== instanceId) return false;
  return runnerIds === null || runnerIds.includes(source.runnerId);
}

function recorderOf(source: EntrySource, found: Map<string, RecorderRows>): RecorderRows {
  const key = recorderKey(source);
  const known = found.get(key);
  if (known !== undefined) return known;
  const made = { key, runnerId: source.runnerId, places: [], first: 0, lastSeq: -2, inOrder: true };
  found.set(key, made);
  return made;
}

/** Place of a text in a batch; null when it is not asked for, −1 when no row has it. */
function placeOf(batch: EntryBatch, text: string | null): number | null {
  return text === null ? null : batch.strings.indexOf(text);
}

/** By number, each number once; rows without one by time, all of them. */
function putInOrder(recorder: RecorderRows, batches: readonly EntryBatch[]): void {
  if (recorder.inOrder) return;
  const seqOf = (place: number) => read(batches, place, 'seq');
  const sorted = recorder.places.sort(
    (a, b) => seqOf(a) - seqOf(b) || read(batches, a, 'atUs') - read(batches, b, 'atUs'),
  );
  recorder.places = sorted.filter((place, i) => {
    const seq = seqOf(place);
    return seq < 0 || i === 0 || seqOf(sorted[i - 1] ?? 0) !== seq;
  });
}

/** Leaves out the oldest rows of a runner's recorders until there are no more than the limit; true when there were any. */
function keepNewest(recorders: readonly RecorderRows[], batches: readonly EntryBatch[], limit: number): boolean {
  let surplus = recorders.reduce((sum, { places }) => sum + places.length, 0) - limit;
  if (surplus <= 0) return false;
  for (; surplus > 0; surplus -= 1) {
    let oldest: RecorderRows | undefined;
    let oldestUs = Infinity;
    for (const recorder of recorders) {
      const place = recorder.places[recorder.first];
      const us = place === undefined ? Infinity : read(batches, place, 'atUs');
      if (us >= oldestUs) continue;
      oldest = recorder;
      oldestUs = us;
    }
    if (oldest !== undefined) oldest.first += 1;
  }
  return true;
}

function read(batches: readonly EntryBatch[], place: number, column: 'seq' | 'atUs'): number {
  return batches[batchOf(place)]?.columns[column][rowOf(place)] ?? -1;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
