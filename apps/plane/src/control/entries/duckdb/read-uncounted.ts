import type { EntryBatch } from '@rankscope/schema';
import { unpackBatch } from '../packed-batch.ts';
import type { Book } from './book.ts';
import { buildAnswer } from './build-answer.ts';
import { rawColumns, readRawRows } from './raw-rows.ts';
import { readRowTexts } from './row-texts.ts';
import type { Session } from './session.ts';

/** The newest rows of recorders that do not count, oldest first, a batch an hour. Without such rows no table is read. */
export async function readUncounted(session: Session, book: Book, most: number): Promise<EntryBatch[]> {
  const rowsIn = new Map<number, number>();
  for (const { hour, firstSeq, rows } of book.stretches())
    if (firstSeq < 0) rowsIn.set(hour, (rowsIn.get(hour) ?? 0) + rows);
  const batches: EntryBatch[] = [];
  let left = most;
  for (const [hour, rows] of [...rowsIn].sort(([a], [b]) => b - a)) {
    if (left <= 0) break;
    batches.unshift(await readHour(session, book, { hour, most: left }));
    left -= rows;
  }
  return batches;
}

async function readHour(
  session: Session,
  book: Book,
  { hour, most }: { hour: number; most: number },
): Promise<EntryBatch> {
  const raw = await readRawRows(
    session,
    `SELECT ${rawColumns} FROM (
       SELECT ${hour} AS hour, rowid AS row, *, row_number() OVER (ORDER BY rowid DESC) AS rank
       FROM entries_${hour} WHERE seq = -1 QUALIFY rank <= ${most}
     ) ORDER BY row`,
  );
  const texts = await readRowTexts(session, raw);
  return unpackBatch(buildAnswer({ raw, texts, sources: book.sources, limit: most }));
}
