import {
  type EntryBatch,
  type EntryBatchBuilder,
  type EntrySource,
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

/** Entries in this process's memory only: for tests, and for a plane that must not write. What is too old is let go of. */
export function createMemoryEntryStore({ maxRows = defaultMaxRows } = {}): EntryStore {
  const kept = new KeptChunks(maxRows);
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
  const add = (batch: EntryBatch) => {
    const numbers = batch.sources.map(numbersOf);
    let copier: RowCopier | null = null;
    let into: EntryBatchBuilder | null = null;
    for (let row = 0; row < batch.rows; row += 1) {
      const seq = valueAt(batch, 'seq', row);
      if (seq >= 0 && numbers[valueAt(batch, 'source', row)]?.add(seq) === false) {
        doubleRows += 1;
        continue;
      }
      const builder = kept.builder();
      if (copier === null || into !== builder) copier = createRowCopier(builder, batch);
      into = builder;
      copier.copy(row);
    }
  };

  return {
    append({ nodeId, batch, cursor, diagnostics }) {
      add(batch);
      cursors.set(nodeId, cursor);
      if (diagnostics !== null) words.set(nodeId, diagnostics);
      return Promise.resolve();
    },
    query: (query) => Promise.resolve(selectRows(kept.chunks(), query)),
    lastWords(nodeId, limit) {
      const said = words.get(nodeId) ?? null;
      if (said === null || limit === 0) return Promise.resolve(said);
      const runnerIds = said.supervisorRunners.map(({ runnerId }) => runnerId);
      const { batch } = selectRows(kept.chunks(), { ...everything, nodeId, runnerIds, limitPerRunner: limit });
      return Promise.resolve(wordsWithEntries(said, batch));
    },
    cursorOf: (nodeId) => Promise.resolve(cursors.get(nodeId) ?? ''),
    facts: () => Promise.resolve(factsOf(kept, doubleRows)),
    close: () => Promise.resolve(),
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

function factsOf(kept: KeptChunks, doubleRows: number): StoreFacts {
  const firsts = kept.chunks().filter(({ rows }) => rows > 0);
  const times = firsts.map((chunk) => chunk.columns.atUs.subarray(0, chunk.rows).reduce((a, b) => Math.min(a, b)));
  return {
    rows: kept.rows,
    diskBytes: 0,
    oldestUs: times.length === 0 ? null : Math.min(...times),
    lostRows: 0,
    doubleRows,
  };
}
