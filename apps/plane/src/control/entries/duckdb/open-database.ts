import { existsSync, renameSync, statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Gate } from './gate.ts';
import { openSession, type Session } from './session.ts';
import { fileTables, heardTable, schemaVersion } from './tables.ts';

export interface Database {
  readonly path: string;
  readonly writer: Session;
  readonly reader: Session;
  /** Nothing may run on the connections any more. */
  close(): void;
}

/** The file is no store of ours, or not whole: it must make room for another. */
export class UnusableFileError extends Error {
  override readonly name = 'UnusableFileError';
}

/**
 * What DuckDB may take. One thread works where it is called, so a question and a commit run beside each other, and a
 * plane of two cores keeps one. The memory is enough to sort the largest answer; RSS of the whole plane is the reason
 * for not giving more.
 */
const settings = {
  threads: '1',
  memory_limit: '48MB',
  max_temp_directory_size: '512MB',
  // The writer says when: a checkpoint inside of a commit would be in the way of the rows behind it.
  checkpoint_threshold: '1TB',
  // Of DuckDB 1.5.6: `row_number() … QUALIFY` over a row's id fails with an internal error where this one sees it.
  disabled_optimizers: 'top_n_window_elimination',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
} as const;

/** Opens the file, or makes it. Throws an {@link UnusableFileError}, or what may pass: no room, no right, a lock. */
export async function openDatabase(path: string, gate: Gate): Promise<Database> {
  const instance = await open(path, gate);
  let writer: Session | null = null;
  let reader: Session | null = null;
  const close = () => {
    reader?.close();
    writer?.close();
    instance.closeSync();
  };
  try {
    writer = await openSession(instance, gate);
    reader = await openSession(instance, gate);
    await inspect(writer, path);
    return { path, writer, reader, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function open(path: string, gate: Gate): Promise<DuckDBInstance> {
  try {
    // DuckDB would not take an empty file, which a full disk leaves behind.
    if (statSync(path, { throwIfNoEntry: false })?.size === 0) throw new UnusableFileError(`${path} is empty`);
    return await gate.through(() => DuckDBInstance.create(path, settings));
  } catch (error) {
    throw isPassing(error) ? error : new UnusableFileError(messageOf(error), { cause: error });
  }
}

/** Reasons that lie outside of the file. All others are the file's. */
export function isPassing(error: unknown): boolean {
  return /could not set lock|no space left|permission denied|cannot open file|too many open files|out of memory|read-only file system|disk quota/i.test(
    messageOf(error),
  );
}

async function inspect(session: Session, path: string): Promise<void> {
  const tables = await session.rows('SELECT table_name FROM duckdb_tables() WHERE NOT internal');
  const names = tables.map(([name]) => name);
  if (names.length === 0) {
    await session.run('BEGIN');
    for (const statement of [...fileTables, heardTable(0)]) await session.run(statement);
    await session.run('COMMIT');
    return;
  }
  if (!names.includes('rankscope_entries')) throw new UnusableFileError(`${path} is not a store of entries`);
  const [row] = await session.rows('SELECT max(version) FROM rankscope_entries');
  const version = Number(row?.[0] ?? 0);
  if (version !== schemaVersion)
    throw new UnusableFileError(`${path} is of version ${version}, this Rankscope reads version ${schemaVersion}`);
}

/**
 * Puts a file away under another name beside it, with its log, and gives that name. It is never removed: somebody may
 * know how to read it.
 */
export function setAside(path: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const stem = path.replace(/\.duckdb$/, '');
  let aside = `${stem}.set-aside-${time}.duckdb`;
  for (let again = 2; existsSync(aside); again += 1) aside = `${stem}.set-aside-${time}-${again}.duckdb`;
  if (existsSync(`${path}.wal`)) renameSync(`${path}.wal`, `${aside}.wal`);
  if (existsSync(path)) renameSync(path, aside);
  return aside;
}

export function walBytes(path: string): number {
  return statSync(`${path}.wal`, { throwIfNoEntry: false })?.size ?? 0;
}

export function fileBytes(path: string): number {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) + walBytes(path);
}

/** Without what DuckDB puts into its messages besides: its own stack, its own advice. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split(/\n+(Stack Trace|Possible solutions)/, 1)[0] ?? message;
}
