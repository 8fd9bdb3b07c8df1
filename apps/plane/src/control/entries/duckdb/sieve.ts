import type { EntryBatch } from '@rankscope/schema';
import type { Book, Recorder } from './book.ts';
import type { Tally } from './open-numbers.ts';
import { createRowPrinter } from './row-print.ts';

/** Looks into an hour's table: which of the numbers of a recorder are there. */
export type FindNumbers = (hour: number, source: number, numbers: readonly number[]) => Promise<ReadonlySet<number>>;

export interface Sieved {
  /** Positions of the rows to be written, in the order in which they are written. */
  readonly kept: Uint32Array;
  /** By position in the batch's sources; null: there is no room for another recorder. */
  readonly recorders: readonly (Recorder | null)[];
  readonly doubles: number;
  readonly refused: number;
}

/** The number by which a row is known among its recorder's; −1 where it cannot be. */
export function countedSeq(seq: number): number {
  return seq >= 0 && Number.isSafeInteger(seq) ? seq : -1;
}

/**
 * Takes into the book what the store does not hold yet of a part of a batch. Rows that only a table can tell of are
 * looked up, all at once, and written behind the others.
 */
export async function sieve(
  batch: EntryBatch,
  part: { readonly from: number; readonly to: number },
  book: Book,
  find: FindNumbers,
): Promise<Sieved> {
  const { sources, columns } = batch;
  const rows = part.to - part.from;
  const recorders = sources.map((source) => {
    const id = book.sources.idOf(source);
    return id === null ? null : book.recorder(id);
  });
  const kept = new Uint32Array(rows);
  let count = 0;
  let refused = 0;
  const asks: number[] = [];
  let printOf: ReturnType<typeof createRowPrinter> | null = null;
  const { source, seq, atUs } = columns;

  for (let row = part.from; row < part.to; row += 1) {
    const recorder = recorders[source[row] ?? 0] ?? null;
    if (recorder === null) {
      refused += 1;
      continue;
    }
    const number = countedSeq(seq[row] ?? -1);
    if (number > recorder.highest) {
      // The usual case: a tail goes on where it was, and the numbers go on with it.
      const run = findRun(batch, row, part.to);
      book.takeRun(recorder, run);
      for (const end = row + run.rows; row < end; row += 1) kept[count++] = row;
      row -= 1;
      continue;
    }
    if (number < 0) {
      printOf ??= createRowPrinter(batch);
      if (!book.prints.add(printOf(row))) continue;
    } else {
      const held = recorder.look(number);
      if (held === 'ask') asks.push(row);
      if (held !== 'free') continue;
    }
    book.take(recorder, number, Math.round(atUs[row] ?? 0));
    kept[count++] = row;
  }

  if (asks.length > 0) {
    const found = await findAll(asks, batch, recorders, find);
    for (const row of asks) {
      const recorder = recorders[source[row] ?? 0];
      const number = countedSeq(seq[row] ?? -1);
      // Looked at again: the batch may bring the same number twice.
      if (!recorder || found.get(recorder.id)?.has(number) || recorder.open?.has(number)) continue;
      book.take(recorder, number, Math.round(atUs[row] ?? 0));
      kept[count++] = row;
    }
  }
  return { kept: kept.subarray(0, count), recorders, refused, doubles: rows - count - refused };
}

/** Rows of one recorder from `row` on whose numbers follow one another. */
function findRun({ columns }: EntryBatch, row: number, to: number): Tally {
  const { source, seq, atUs } = columns;
  const firstSeq = seq[row] ?? 0;
  let minUs = atUs[row] ?? 0;
  let maxUs = minUs;
  let end = row + 1;
  while (end < to && source[end] === source[row] && seq[end] === firstSeq + (end - row)) {
    const us = atUs[end] ?? 0;
    if (us < minUs) minUs = us;
    else if (us > maxUs) maxUs = us;
    end += 1;
  }
  const rows = end - row;
  return { firstSeq, lastSeq: firstSeq + rows - 1, rows, minUs: Math.round(minUs), maxUs: Math.round(maxUs) };
}

async function findAll(
  asks: readonly number[],
  { columns }: EntryBatch,
  recorders: readonly (Recorder | null)[],
  find: FindNumbers,
): Promise<Map<number, Set<number>>> {
  const asked = new Map<string, { hour: number; source: number; numbers: number[] }>();
  for (const row of asks) {
    const recorder = recorders[columns.source[row] ?? 0];
    if (!recorder) continue;
    const number = countedSeq(columns.seq[row] ?? -1);
    for (const hour of recorder.held.hoursOf(number)) {
      const key = `${hour}/${recorder.id}`;
      const list = asked.get(key)?.numbers;
      if (list) list.push(number);
      else asked.set(key, { hour, source: recorder.id, numbers: [number] });
    }
  }
  const found = new Map<number, Set<number>>();
  for (const { hour, source, numbers } of asked.values()) {
    const there = await find(hour, source, numbers);
    const all = found.get(source) ?? new Set();
    for (const number of there) all.add(number);
    found.set(source, all);
  }
  return found;
}
