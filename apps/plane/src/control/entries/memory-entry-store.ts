import {
  type EntryBatch,
  type EntryBatchBuilder,
  type EntrySource,
  entryAt,
  type NodeDiagnostics,
  recorderKey,
  valueAt,
} from '@rankscope/schema';
import { createRowCopier, type RowCopier } from './copy-rows.ts';
import type { EntryStore, StoreFacts } from './entry-store.ts';
import { KeptChunks } from './kept-chunks.ts';
import { SeenNumbers } from './seen-numbers.ts';
import { selectRows } from './select-rows.ts';
import { wordsWithEntries } from './words-with-entries.ts';

/** Two runs of a large model, and 60 MB. Who wants more keeps them on disk. */
const defaultMaxRows = 500_000;
/** Recorders whose numbers are remembered; more than a plane without a disk ever meets. */
const maxRecorders = 65_536;

export interface MemoryEntryStoreOptions {
  readonly maxRows?: number;
  readonly retention?: { readonly ms: number };
  readonly wallNs?: () => bigint;
}

const hourMs = 3_600_000;

interface Hour {
  readonly beganMs: number;
  readonly kept: KeptChunks;
}

/** Rows without a number that are compared with new ones. */
const maxUnnumbered = 65_536;

/** Entries in this process's memory only: for tests, and for a plane that must not write. What is too old is let go of. */
export function createMemoryEntryStore(options: MemoryEntryStoreOptions = {}): EntryStore {
  const { maxRows = defaultMaxRows, retention, wallNs = () => 0n } = options;
  const hours: Hour[] = [];
  let closed = false;
  const unnumbered = new Set<string>();
  const seen = new Map<string, SeenNumbers>();
  const cursors = new Map<string, string>();
  const words = new Map<string, NodeDiagnostics>();
  let doubleRows = 0;

  const numbersOf = (source: EntrySource): SeenNumbers => {
    const key = recorderKey(source);
    const known = seen.get(key);
    if (known !== undefined) return known;
    const [oldest] = seen.keys();
    if (seen.size >= maxRecorders && oldest !== undefined) seen.delete(oldest);
    const made = new SeenNumbers();
    seen.set(key, made);
    return made;
  };
  /** Where nobody counts, what is equal in everything is the same, among so many of the newest. */
  const isUnknown = (batch: EntryBatch, row: number): boolean => {
    const key = JSON.stringify(entryAt(batch, row));
    if (unnumbered.has(key)) return false;
    unnumbered.add(key);
    const [first] = unnumbered;
    if (unnumbered.size > maxUnnumbered && first !== undefined) unnumbered.delete(first);
    return true;
  };
  /** Rows of an hour go together, as soon as the last of them is too old. */
  const turn = () => {
    const nowMs = Number(wallNs() / 1_000_000n);
    const newest = hours.at(-1);
    if (newest === undefined || nowMs - newest.beganMs >= hourMs)
      hours.push({ beganMs: nowMs, kept: new KeptChunks(maxRows) });
    const total = () => hours.reduce((sum, { kept }) => sum + kept.rows, 0);
    const isOld = (hour: Hour) => retention !== undefined && nowMs - hour.beganMs >= retention.ms + hourMs;
    for (let [oldest] = hours; oldest && hours.length > 1 && (isOld(oldest) || total() > maxRows); [oldest] = hours)
      hours.shift();
  };
  const chunks = () => hours.flatMap(({ kept }) => kept.chunks());
  const refuseClosed = () => {
    if (closed) throw new Error('the entry store is closed');
  };
  const add = (batch: EntryBatch) => {
    const numbers = batch.sources.map(numbersOf);
    let copier: RowCopier | null = null;
    let into: EntryBatchBuilder | null = null;
    for (let row = 0; row < batch.rows; row += 1) {
      const seq = valueAt(batch, 'seq', row);
      const isNew = seq >= 0 ? numbers[valueAt(batch, 'source', row)]?.add(seq) !== false : isUnknown(batch, row);
      if (!isNew) {
        doubleRows += 1;
        continue;
      }
      const builder = hours.at(-1)?.kept.builder();
      if (builder === undefined) break;
      if (copier === null || into !== builder) copier = createRowCopier(builder, batch);
      into = builder;
      copier.copy(row);
    }
  };

  return {
    async append({ nodeId, batch, cursor, diagnostics }) {
      refuseClosed();
      turn();
      add(batch);
      cursors.set(nodeId, cursor);
      if (diagnostics !== null) words.set(nodeId, diagnostics);
    },
    async query(query) {
      refuseClosed();
      return selectRows(chunks(), query);
    },
    lastWords(nodeId, limit) {
      const said = words.get(nodeId) ?? null;
      if (said === null || limit === 0) return Promise.resolve(said);
      const runnerIds = said.supervisorRunners.map(({ runnerId }) => runnerId);
      const { batch } = selectRows(chunks(), { ...everything, nodeId, runnerIds, limitPerRunner: limit });
      return Promise.resolve(wordsWithEntries(said, batch));
    },
    cursorOf: (nodeId) => Promise.resolve(cursors.get(nodeId) ?? ''),
    facts: () => Promise.resolve(factsOf(chunks(), doubleRows)),
    async close() {
      closed = true;
    },
  };
}

/** What a query says that asks for everything. */
const everything = {
  sinceUs: null,
  untilUs: null,
  nodeId: null,
  instanceId: null,
  runnerIds: null,
  taskId: null,
  commandId: null,
} as const;

function factsOf(chunks: readonly EntryBatch[], doubleRows: number): StoreFacts {
  const firsts = chunks.filter(({ rows }) => rows > 0);
  const times = firsts.map((chunk) => chunk.columns.atUs.subarray(0, chunk.rows).reduce((a, b) => Math.min(a, b)));
  return {
    rows: chunks.reduce((sum, { rows }) => sum + rows, 0),
    diskBytes: 0,
    oldestUs: times.length === 0 ? null : Math.min(...times),
    lostRows: 0,
    doubleRows,
    problem: null,
  };
}
