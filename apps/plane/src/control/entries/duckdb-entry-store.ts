import type { Log } from '@rankscope/daemon';
import { type EntryBatch, NodeDiagnostics } from '@rankscope/schema';
import type { Retention } from './duckdb/plan-retention.ts';
import type { FromStore, HeldFacts } from './duckdb/store-messages.ts';
import { type EntryStore, type StoreFacts, StoreFullError, StoreUnavailableError, type Tailed } from './entry-store.ts';
import { nodeLastWords } from './node-last-words.ts';
import { buffersOf, packBatch, packedBytes, unpackBatch } from './packed-batch.ts';
import { openStoreThread } from './store-thread.ts';

export interface DuckDbEntryStoreOptions {
  /** Where the file is, or is made; ends in `.duckdb`. */
  readonly path: string;
  readonly retention: Retention;
  readonly wallNs: () => bigint;
  readonly log: Log;
  /** Rows that may wait to be written. */
  readonly maxQueuedRows?: number;
}

/**
 * What may wait to be written: some seconds of a full cluster. A batch that alone is more than that is taken when
 * nothing else waits.
 */
const defaultQueuedRows = 524_288;
const maxQueuedBytes = 64 * 1024 * 1024;
/** Characters of a node's last words: a node of 64 ranks has a thirtieth of it. */
const maxWordsLength = 4 * 1024 * 1024;
/** A question has its own deadline in the thread; longer than that the thread itself is not to be reached. */
const answerDeadlineMs = 15_000;
/** A disk that takes longer than this is as good as none. The rows may still come to be kept: then they are doubles later. */
const appendDeadlineMs = 30_000;
/** Rows grow too old also while none come. */
const tickMs = 300_000;
/** A full queue or disk refuses thousands of times; the log says so once in so long. */
const refusalLogMs = 10_000;

/** Entries in a DuckDB file, in a thread of its own. Opens at once: what is appended or asked early waits there. */
export function openDuckDbEntryStore(options: DuckDbEntryStoreOptions): EntryStore {
  const { path, retention, wallNs, log, maxQueuedRows = defaultQueuedRows } = options;
  const nowMs = () => Number(wallNs() / 1_000_000n);
  const thread = openStoreThread({ settings: { path, retention }, nowMs, log });
  const ticking = setInterval(() => thread.tell({ type: 'tick', nowMs: nowMs() }), tickMs);
  ticking.unref();
  let queuedRows = 0;
  let queuedBytes = 0;
  let lostRows = 0;
  let doubleRows = 0;
  let known: HeldFacts = { rows: 0, diskBytes: 0, oldestUs: null, problem: null };
  let refusalLoggedMs = Number.NEGATIVE_INFINITY;

  const lose = (rows: number, reason: string) => {
    if (rows === 0) return;
    lostRows += rows;
    if (nowMs() - refusalLoggedMs < refusalLogMs) return;
    refusalLoggedMs = nowMs();
    log.warn('entries were not stored', { rows, lostRows, reason });
  };
  const send = ({ nodeId, batch, cursor, diagnostics }: Tailed) => {
    const packed = packBatch(batch);
    const said = diagnostics === null ? null : JSON.stringify(diagnostics);
    const text = said !== null && said.length <= maxWordsLength ? said : null;
    if (said !== text) log.warn('the last words of a node are too long to be kept', { nodeId, length: said?.length });
    const bytes = packedBytes(packed) + (text?.length ?? 0);
    queuedRows += batch.rows;
    queuedBytes += bytes;
    const sent = thread.ask(
      (id) => ({ type: 'append', id, nowMs: nowMs(), nodeId, cursor, diagnostics: text, batch: packed }),
      buffersOf(packed),
    );
    // Whoever waits may have given up; the rows take memory until the thread is done with them.
    return withDeadline(
      sent.finally(() => {
        queuedRows -= batch.rows;
        queuedBytes -= bytes;
      }),
      appendDeadlineMs,
    );
  };
  const ask = (make: Parameters<typeof thread.ask>[0]) => withDeadline(thread.ask(make), answerDeadlineMs);

  return {
    async append(tailed) {
      const { rows } = tailed.batch;
      if (queuedRows > 0 && (queuedRows + rows > maxQueuedRows || queuedBytes > maxQueuedBytes)) {
        const reason = `${queuedRows} rows wait to be written, ${maxQueuedRows} may`;
        lose(rows, reason);
        throw new StoreFullError(reason);
      }
      try {
        const appended = expectType(await send(tailed), 'appended');
        doubleRows += appended.doubles;
        lose(appended.refused, 'there is no room for another recorder, or its name is longer than one may be');
      } catch (error) {
        lose(rows, error instanceof Error ? error.message : String(error));
        throw error;
      }
    },
    async query(query) {
      const { answer } = expectType(await ask((id) => ({ type: 'query', id, query })), 'answered');
      return { batch: unpackBatch(answer.batch), truncated: answer.truncated };
    },
    async lastWords(nodeId, limit) {
      const words = expectType(await ask((id) => ({ type: 'lastWords', id, nodeId, limit })), 'words');
      return words.diagnostics === null ? null : readWords(words.diagnostics, unpackBatch(words.answer.batch));
    },
    async cursorOf(nodeId) {
      return expectType(await ask((id) => ({ type: 'cursorOf', id, nodeId })), 'cursor').cursor;
    },
    async facts(): Promise<StoreFacts> {
      const problem = thread.problem();
      if (problem === null) known = expectType(await ask((id) => ({ type: 'facts', id })), 'facts').facts;
      return { ...known, problem: problem ?? known.problem, lostRows, doubleRows };
    },
    close() {
      clearInterval(ticking);
      return thread.close();
    },
  };
}

async function withDeadline<T>(answer: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(
      () => fail(new StoreUnavailableError(`the store did not answer in ${deadlineMs} ms`)),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Null for words that a newer Rankscope wrote down and this one does not understand. */
function readWords(json: string, batch: EntryBatch): NodeDiagnostics | null {
  const said = NodeDiagnostics.safeParse(JSON.parse(json));
  return said.success ? nodeLastWords(said.data, batch) : null;
}

function expectType<T extends FromStore['type']>(message: FromStore, type: T): Extract<FromStore, { type: T }> {
  if (!isOfType(message, type)) throw new Error(`the store's thread answered ${message.type}, not ${type}`);
  return message;
}

function isOfType<T extends FromStore['type']>(
  message: FromStore,
  type: T,
): message is Extract<FromStore, { type: T }> {
  return message.type === type;
}
