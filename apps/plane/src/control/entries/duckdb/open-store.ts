import { appendRows } from './append-rows.ts';
import { type Book, defaultBlockRows } from './book.ts';
import { beginHour, writeBook } from './commit-appends.ts';
import { EntryAppender } from './entry-appender.ts';
import { createGate, type Gate } from './gate.ts';
import { loadBook } from './load-book.ts';
import { type Database, isPassing, messageOf, openDatabase, setAside, UnusableFileError } from './open-database.ts';
import type { Session } from './session.ts';
import { dropHour, heardTable } from './tables.ts';

/** A file that is open, with what is known of it. */
export interface OpenStore {
  readonly database: Database;
  readonly book: Book;
  readonly appender: EntryAppender;
  /** A sentence about the file that was put away to make room for this one; null when none was. */
  readonly notice: string | null;
}

export interface OpenStoreOptions {
  readonly nowMs: number;
  readonly blockRows?: number | undefined;
  readonly gate?: Gate | undefined;
}

/** Opens the store. A file that cannot be used is put aside and another begun; what else is wrong is thrown. */
export async function openStore(path: string, options: OpenStoreOptions): Promise<OpenStore> {
  const { nowMs, blockRows = defaultBlockRows, gate = createGate() } = options;
  try {
    return { ...(await openFile(path, { blockRows, gate })), notice: null };
  } catch (error) {
    if (!(error instanceof UnusableFileError)) throw error;
    const aside = setAside(path, nowMs);
    const notice = `the stored entries could not be used (${error.message}); the file is kept as ${aside}, a new one was begun`;
    return { ...(await openFile(path, { blockRows, gate })), notice };
  }
}

async function openFile(
  path: string,
  { blockRows, gate }: { blockRows: number; gate: Gate },
): Promise<Omit<OpenStore, 'notice'>> {
  const database = await openDatabase(path, gate);
  try {
    return { database, book: await loadBook(database.writer, blockRows), appender: new EntryAppender() };
  } catch (error) {
    database.close();
    throw isPassing(error) ? error : new UnusableFileError(messageOf(error), { cause: error });
  }
}

/** Drops hours with all that belongs to them. No question may run: it would lose the table it reads. */
export async function dropHours({ database, book }: OpenStore, hours: readonly number[], nowMs: number): Promise<void> {
  const { writer } = database;
  await writer.run('BEGIN');
  const open = book.openHour;
  if (open !== null && hours.includes(open.id)) {
    const begun = await beginHour(writer, book, nowMs);
    await writeBook(writer, book, begun);
  }
  for (const statement of hours.flatMap(dropHour)) await writer.run(statement);
  const gone = book.dropHours(new Set(hours));
  if (gone.length > 0) await writer.run(`DELETE FROM sources WHERE id IN (${gone.join(', ')})`);
  await writer.run('COMMIT');
  book.publish();
}

/** Cursors and last words that were written since; above that they move to a table without the older ones. */
const maxHeardBytes = 8 * 1024 * 1024;

/** Moves the log into the tables, and lets go of what was said before the last words. */
export async function checkpoint({ database, book }: OpenStore): Promise<void> {
  const { writer } = database;
  if (book.heardBytes > maxHeardBytes) await renewHeard(writer, book);
  await writer.run('CHECKPOINT');
}

async function renewHeard(writer: Session, book: Book): Promise<void> {
  const generation = book.heardGeneration + 1;
  await writer.run('BEGIN');
  await writer.run(heardTable(generation));
  await appendRows(
    writer,
    `heard_${generation}`,
    ['text', 'text', 'text'],
    [...book.heard].map(([nodeId, { cursor, diagnostics }]) => [nodeId, cursor, diagnostics]),
  );
  await writer.run(`DROP TABLE heard_${book.heardGeneration}`);
  await writer.run('COMMIT');
  book.heardGeneration = generation;
  book.heardBytes = 0;
}

/** What the tables take on disk. */
export async function usedBytes({ database }: OpenStore): Promise<number> {
  const [row] = await database.writer.rows(
    'SELECT (used_blocks * block_size)::DOUBLE FROM pragma_database_size() WHERE database_name = current_database()',
  );
  return Number(row?.[0] ?? 0);
}
