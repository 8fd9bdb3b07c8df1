import type { EntryBatch } from '@rankscope/schema';
import { unpackBatch } from '../packed-batch.ts';
import type { Book } from './book.ts';
import { buildAnswer } from './build-answer.ts';
import { rawColumns, readRawRows } from './raw-rows.ts';
import { readRowTexts } from './row-texts.ts';
import type { Session } from './session.ts';

/** Rows read at once: their texts are in memory. */
const sliceRows = 8_192;

/** The newest rows of recorders that do not count, in parts, oldest first. Without such rows no table is read. */
export async function* readUncounted(session: Session, book: Book, most: number): AsyncGenerator<EntryBatch> {
  const rowsIn = new Map<number, number>();
  for (const { hour, firstSeq, rows } of book.stretches())
    if (firstSeq < 0) rowsIn.set(hour, (rowsIn.get(hour) ?? 0) + rows);
  const slices: { hour: number; newest: number; oldest: number }[] = [];
  let left = most;
  for (const [hour, rows] of [...rowsIn].sort(([a], [b]) => b - a)) {
    const wanted = Math.min(rows, left);
    for (let rank = 1; rank <= wanted; rank += sliceRows)
      slices.push({ hour, newest: rank, oldest: Math.min(wanted, rank + sliceRows - 1) });
    left -= wanted;
  }
  for (const { hour, newest, oldest } of slices.reverse()) {
    const raw = await readRawRows(
      session,
      `SELECT ${rawColumns} FROM (
         SELECT ${hour} AS hour, rowid AS row, *, row_number() OVER (ORDER BY rowid DESC) AS rank
         FROM entries_${hour} WHERE seq = -1 QUALIFY rank BETWEEN ${newest} AND ${oldest}
       ) ORDER BY row`,
    );
    const texts = await readRowTexts(session, raw);
    yield unpackBatch(buildAnswer({ raw, texts, sources: book.sources, limit: oldest }));
  }
}
