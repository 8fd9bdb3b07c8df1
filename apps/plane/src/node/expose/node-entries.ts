import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Log } from '@rankscope/daemon';
import {
  type EntryBatch,
  EntryBatchBuilder,
  formatTimestamp,
  type NodeDiagnostics,
  type NodeEntriesHead,
  type NodeEntriesQuery,
  ProblemError,
} from '@rankscope/schema';
import { formatEntriesCursor, parseEntriesCursor } from './entries-cursor.ts';
import { createEntryRows } from './entry-rows.ts';
import type { Recorder } from './recorder.ts';
import { openRecorderShelf, type RecorderShelf } from './recorder-shelf.ts';

export interface NodeEntriesRead {
  readonly head: NodeEntriesHead;
  readonly batch: EntryBatch;
}

/** The entries of all recorders of this machine, for whoever follows them. Remembers nothing of who asked. */
export interface NodeEntries {
  /** What lies behind the cursor; waits for something to be there, as long as the query says or the signal lets it. */
  read(query: NodeEntriesQuery, signal?: AbortSignal): Promise<NodeEntriesRead>;
  close(): void;
}

export interface NodeEntriesOptions {
  readonly nodeId: string;
  readonly bootId: string;
  readonly runnersDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What the node says of its runners now, without entries. */
  readonly diagnose: () => NodeDiagnostics;
  readonly isAlive?: (pid: number) => boolean;
}

/** How often somebody who waits looks: it adds to the age of an entry when it is stored, which may be half a second. */
const lookMs = 200;
/** A machine with many recorders is asked for all of them at once; so many rows are laid out beforehand at most. */
const firstRows = 16_384;

export function openNodeEntries(options: NodeEntriesOptions): NodeEntries {
  const { nodeId, bootId, runnersDir, clock, log, diagnose, isAlive = processIsAlive } = options;
  const closed = new AbortController();
  const monoMs = () => Number(clock.monoNs() / 1_000_000n);
  const shelf = openRecorderShelf({
    nodeId,
    bootId,
    runnersDir,
    wallAtNs: clock.wallAtNs,
    isAlive,
    monoMs,
    onTrouble: (path, reason) => log.warn('a recorder is not read on', { path, reason }),
  });

  /** Waits in steps until one of the recorders has something, and says what they have. */
  const waitForNews = async (cursor: ReadonlyMap<string, number>, waitMs: number, signal: AbortSignal) => {
    const untilMs = monoMs() + waitMs;
    let waiting = findWaiting(shelf, cursor);
    let hasNews = waiting.some(({ pending }) => pending > 0);
    for (let leftMs = waitMs; !hasNews && leftMs > 0 && !signal.aborted; leftMs = untilMs - monoMs()) {
      await sleep(Math.min(lookMs, leftMs), undefined, { signal }).catch(() => undefined);
      hasNews = !closed.signal.aborted && shelf.list().some((recorder) => lookInto(shelf, recorder, cursor));
      if (hasNews || untilMs <= monoMs()) waiting = findWaiting(shelf, cursor);
    }
    return waiting;
  };

  return {
    async read({ after, waitMs, limit }, signal) {
      const cursor = parseEntriesCursor(after);
      if (cursor === null) throw new ProblemError('bad_query', unreadable(after));
      const until = signal ? AbortSignal.any([signal, closed.signal]) : closed.signal;
      const waiting = await waitForNews(cursor, waitMs, until);
      const { batch, dropped, more, next } = readRows(shelf, closed.signal.aborted ? [] : waiting, limit);
      const { runtime, supervisorRunners: runners } = diagnose();
      return {
        batch,
        head: {
          nodeId,
          bootId,
          generatedAt: formatTimestamp(clock.wallNs()),
          // Of a plane that is closing nothing is heard any more, and nothing is forgotten.
          cursor: closed.signal.aborted ? after : formatEntriesCursor(next),
          more,
          dropped,
          runtime,
          runners,
        },
      };
    },
    close() {
      closed.abort();
      shelf.close();
    },
  };
}

interface Waiting {
  readonly recorder: Recorder;
  readonly next: number;
  readonly pending: number;
}

/** Recorders that the cursor does not name are read from their beginning; names of recorders that are gone fall out. */
function findWaiting(shelf: RecorderShelf, cursor: ReadonlyMap<string, number>): Waiting[] {
  return shelf.list().flatMap((recorder) => {
    const next = cursor.get(recorder.name) ?? 0;
    const pending = shelf.use(recorder, () => recorder.pending(next));
    return pending === null ? [] : [{ recorder, next, pending }];
  });
}

function lookInto(shelf: RecorderShelf, recorder: Recorder, cursor: ReadonlyMap<string, number>): boolean {
  return shelf.use(recorder, () => recorder.hasNews(cursor.get(recorder.name) ?? 0)) ?? false;
}

/**
 * Reads in rounds, each recorder its share of what is left: a rank that writes faster than anybody reads must not keep
 * the others' entries waiting. Within a recorder the order stays.
 */
function readRows(shelf: RecorderShelf, waiting: readonly Waiting[], limit: number) {
  const pending = waiting.reduce((sum, one) => sum + one.pending, 0);
  const builder = new EntryBatchBuilder(Math.min(pending, limit, firstRows));
  const readers = waiting.map((one) => createRowReader(builder, one));
  let left = limit;
  for (let hungry = readers; left > 0; ) {
    hungry = hungry.filter(({ hasMore }) => hasMore());
    if (hungry.length === 0) break;
    const share = Math.ceil(left / hungry.length);
    for (const reader of hungry) left -= reader.read(shelf, Math.min(share, left));
  }
  return {
    batch: builder.build(),
    next: new Map(readers.map((reader) => [reader.name, reader.next()])),
    more: readers.some(({ hasMore }) => hasMore()),
    dropped: readers.flatMap((reader) => reader.dropped()),
  };
}

function createRowReader(builder: EntryBatchBuilder, { recorder, next: first, pending }: Waiting) {
  const { source } = recorder;
  let rows: ReturnType<typeof createEntryRows> | null = null;
  let next = first;
  let dropped = 0;
  let more = pending > 0;
  return {
    name: recorder.name,
    hasMore: () => more,
    next: () => next,
    dropped: () => (dropped === 0 ? [] : [{ runnerId: source.runnerId, recorder: source.recorder, count: dropped }]),
    read(shelf: RecorderShelf, limit: number): number {
      if (limit === 0) return 0;
      rows ??= createEntryRows({ builder, source: builder.source(source), clock: recorder.clock });
      const into = rows;
      let count = 0;
      const scan = shelf.use(recorder, () =>
        recorder.scan(next, limit, (slot) => {
          into.add(slot, slot.n - next);
          // Kept up here, so that a file which is cut short in the middle is not told again from the start.
          next = slot.n + 1;
          count += 1;
        }),
      );
      more = scan !== null && scan.count === limit;
      next = scan?.next ?? next;
      dropped += scan?.dropped ?? 0;
      return count;
    },
  };
}

function processIsAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It runs, under another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function unreadable(after: string): string {
  return (
    `after: ${JSON.stringify(after.slice(0, 40))} is no cursor of this node; send the \`cursor\` of its last answer, ` +
    'or leave `after` out to begin with the oldest entry.'
  );
}
