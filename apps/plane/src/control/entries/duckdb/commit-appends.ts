import type { EntryBatch } from '@rankscope/schema';
import { appendRows } from './append-rows.ts';
import { createBatchWriter } from './batch-writer.ts';
import type { Book, Heard } from './book.ts';
import type { EntryAppender } from './entry-appender.ts';
import { isHourOver } from './plan-retention.ts';
import type { Session } from './session.ts';
import { sieve } from './sieve.ts';
import { hourTables } from './tables.ts';

export interface Append {
  readonly nodeId: string;
  readonly cursor: string;
  readonly diagnostics: string | null;
  readonly batch: EntryBatch;
}

/** What came of one append that is on disk. */
export interface Appended {
  readonly doubles: number;
  /** Rows of recorders for which there was no number left. */
  readonly refused: number;
}

export interface CommitOptions {
  readonly session: Session;
  readonly book: Book;
  readonly appender: EntryAppender;
  readonly nowMs: number;
  readonly hourRows: number;
}

/** Writes appends, their rows and cursors, in one transaction. When it throws, the book is no longer what the file is. */
export async function commitAppends(appends: readonly Append[], options: CommitOptions): Promise<Appended[]> {
  const { session, book } = options;
  await session.run('BEGIN');
  const outcomes = appends.some(({ batch }) => batch.rows > 0)
    ? await writeRows(appends, options)
    : appends.map(() => ({ doubles: 0, refused: 0 }));
  const heard = lastHeard(appends);
  await appendRows(
    session,
    `heard_${book.heardGeneration}`,
    ['text', 'text', 'text'],
    [...heard].map(([nodeId, { cursor, diagnostics }]) => [nodeId, cursor, diagnostics]),
  );
  await session.run('COMMIT');
  for (const [nodeId, { cursor, diagnostics }] of heard) {
    book.hear(nodeId, { cursor, diagnostics: diagnostics ?? book.heard.get(nodeId)?.diagnostics ?? null });
    book.heardBytes += cursor.length + (diagnostics?.length ?? 0);
  }
  book.publish();
  return outcomes;
}

async function writeRows(appends: readonly Append[], options: CommitOptions): Promise<Appended[]> {
  const { session, book, appender, nowMs, hourRows } = options;
  const last = book.openHour;
  const over = last === null || book.isHourFull || isHourOver({ ...last, openRows: book.openRows }, nowMs, hourRows);
  const hour = over ? await beginHour(session, book, nowMs) : last.id;
  const find = (inHour: number, source: number, numbers: readonly number[]) => {
    appender.flush();
    return findNumbers(session, { hour: inHour, source, numbers });
  };
  await appender.begin(session, hour);
  const outcomes: Appended[] = [];
  for (const { batch } of appends) {
    const outcome = { doubles: 0, refused: 0 };
    const write = createBatchWriter(batch, book, appender);
    for (let from = 0; from < batch.rows; from += book.blockRows) {
      const sieved = await sieve(batch, { from, to: Math.min(batch.rows, from + book.blockRows) }, book, find);
      write(sieved);
      book.closeFullBlock();
      outcome.doubles += sieved.doubles;
      outcome.refused += sieved.refused;
    }
    outcomes.push(outcome);
  }
  appender.end();
  await writeBook(session, book, hour);
  return outcomes;
}

/** Within the transaction. */
export async function beginHour(session: Session, book: Book, nowMs: number): Promise<number> {
  book.closeBlock();
  const id = (book.openHour?.id ?? 0) + 1;
  for (const statement of hourTables(id)) await session.run(statement);
  await appendRows(session, 'hours', ['int', 'double'], [[id, nowMs]]);
  book.beginHour({ id, beganMs: nowMs, rows: 0 });
  return id;
}

/** What the book has learnt since the last commit. */
export async function writeBook(session: Session, book: Book, hour: number): Promise<void> {
  await appendRows(
    session,
    'sources',
    ['ushort', 'text', 'text', 'text', 'text', 'double', 'double', 'double', 'text'],
    book.sources.takeFresh(),
  );
  await appendRows(
    session,
    `shapes_${hour}`,
    ['uint', 'text', 'text', 'text', 'text', 'int', 'int', 'int', 'int', 'double'],
    book.shapes.takeFresh(),
  );
  await appendRows(session, `jobs_${hour}`, ['uint', 'text', 'text'], book.jobs.takeFresh());
  await appendRows(session, `texts_${hour}`, ['uint', 'uint', 'text'], book.texts.takeFresh());
  await appendRows(
    session,
    'stretches',
    ['int', 'ushort', 'double', 'double', 'double', 'double', 'double'],
    book
      .takeFreshStretches()
      .map(({ hour: of, source, firstSeq, lastSeq, rows, minUs, maxUs }) => [
        of,
        source,
        firstSeq,
        lastSeq,
        rows,
        minUs,
        maxUs,
      ]),
  );
}

/** Of each node the last cursor, and the last words where any came. */
function lastHeard(appends: readonly Append[]): Map<string, Heard> {
  const heard = new Map<string, Heard>();
  for (const { nodeId, cursor, diagnostics } of appends) {
    const said = diagnostics ?? heard.get(nodeId)?.diagnostics ?? null;
    heard.delete(nodeId);
    heard.set(nodeId, { cursor, diagnostics: said });
  }
  return heard;
}

/** Numbers in one statement: its text is read, too. */
const mostAsked = 4096;

async function findNumbers(
  session: Session,
  { hour, source, numbers }: { hour: number; source: number; numbers: readonly number[] },
): Promise<Set<number>> {
  const found = new Set<number>();
  for (let from = 0; from < numbers.length; from += mostAsked) {
    const asked = numbers.slice(from, from + mostAsked);
    const [low, high] = [Math.min(...asked), Math.max(...asked)];
    const answer = await session.rows(
      `SELECT seq::DOUBLE FROM entries_${hour}
       WHERE source = ${source} AND seq BETWEEN ${low} AND ${high} AND seq IN (${asked.join(', ')})`,
    );
    for (const [number] of answer) found.add(Number(number));
  }
  return found;
}
