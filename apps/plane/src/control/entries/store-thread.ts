import { Worker } from 'node:worker_threads';
import type { Log } from '@rankscope/daemon';
import { createGateMemory, shutGate, waitForGate } from './duckdb/gate.ts';
import type { FailureKind, FromStore, StoreSettings, ToStore } from './duckdb/store-messages.ts';
import type { StoreWorkerData } from './duckdb/store-worker.ts';
import { StoreFullError, StoreQuestionError, StoreUnavailableError } from './entry-store.ts';

export interface StoreThread {
  /** Sends a request and waits for its answer. Rejects with one of the store's errors. */
  ask(
    make: (id: number) => Exclude<ToStore, { readonly type: 'tick' | 'halt' }>,
    transfer?: ArrayBuffer[],
  ): Promise<FromStore>;
  tell(message: ToStore): void;
  /** Why there is no thread at present; null while there is one. */
  problem(): string | null;
  close(): Promise<void>;
}

export interface StoreThreadOptions {
  readonly settings: StoreSettings;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** Young objects are few, so their space may be small. There is no limit on old ones: it would end the thread at once. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };
/** How long until a thread that ended by itself is started again, at first and at most. */
const firstBackoffMs = 1_000;
const maxBackoffMs = 30_000;
/** Rows that wait are written and the log is emptied into the tables, a tenth of a second each; a sick disk takes longer. */
const closeDeadlineMs = 8_000;
/** What runs in DuckDB is interrupted when the process ends, and takes so long at most to come back. */
const haltDeadlineMs = 2_000;

interface Asked {
  readonly done: (answer: FromStore) => void;
  readonly fail: (error: Error) => void;
}

const errors: Record<FailureKind, new (message: string) => Error> = {
  full: StoreFullError,
  unavailable: StoreUnavailableError,
  tooMuch: StoreQuestionError,
};

/** Runs the store's thread, and another when it dies: what it was asked and had not answered is then rejected. */
export function openStoreThread({ settings, nowMs, log }: StoreThreadOptions): StoreThread {
  const asked = new Map<number, Asked>();
  let nextId = 1;
  let worker: Worker | null = null;
  /** Why there is no thread, or why the one that is there is about to end. */
  let death: string | null = null;
  let backoffMs = firstBackoffMs;
  let restart: NodeJS.Timeout | undefined;
  let closing: Promise<void> | null = null;
  let gate = createGateMemory();

  const problem = () => (death === null ? null : `the thread of the entry store died: ${death}`);
  const receive = (message: FromStore) => {
    if (message.type === 'log') {
      log[message.level](message.message, message.fields);
      return;
    }
    if (message.type === 'died') {
      death = message.reason;
      return;
    }
    const waiting = asked.get(message.id);
    asked.delete(message.id);
    if (message.type === 'failed') waiting?.fail(new errors[message.kind](message.message));
    else waiting?.done(message);
    if (message.type === 'appended') backoffMs = firstBackoffMs;
  };
  const start = () => {
    death = null;
    gate = createGateMemory();
    const data: StoreWorkerData = { settings, nowMs: nowMs(), gate };
    const thread = new Worker(new URL('./duckdb/store-worker.ts', import.meta.url), {
      name: 'entry store',
      workerData: data,
      resourceLimits,
    });
    thread.on('message', receive);
    thread.on('error', (error) => receive({ type: 'died', reason: String(error) }));
    thread.on('exit', () => {
      worker = null;
      if (closing === null) onDeath();
      rejectAll(problem() ?? 'the store was closed');
    });
    worker = thread;
  };
  const onDeath = () => {
    death ??= 'it ended';
    log.error('the thread of the entry store died', { reason: death, againInMs: backoffMs });
    restart = setTimeout(start, backoffMs);
    backoffMs = Math.min(maxBackoffMs, backoffMs * 2);
  };
  const rejectAll = (message: string) => {
    for (const { fail } of asked.values()) fail(new StoreUnavailableError(message));
    asked.clear();
  };
  const ask: StoreThread['ask'] = (make, transfer = []) => {
    const thread = worker;
    if (thread === null || closing !== null)
      return Promise.reject(new StoreUnavailableError(problem() ?? 'the store was closed'));
    return post(thread, make, transfer);
  };
  const post = (thread: Worker, make: (id: number) => ToStore, transfer: ArrayBuffer[]) => {
    const id = nextId;
    nextId += 1;
    return new Promise<FromStore>((done, fail) => {
      asked.set(id, { done, fail });
      thread.postMessage(make(id), transfer);
    });
  };
  const close = async () => {
    clearTimeout(restart);
    const thread = worker;
    if (thread === null) return;
    const timer = setTimeout(() => {
      log.error('the entry store does not close; it is left as it is, which its file survives');
      thread.unref();
      giveUp();
    }, closeDeadlineMs);
    let giveUp = () => {};
    const ended = new Promise<void>((done) => {
      giveUp = done;
      thread.once('exit', () => done());
    });
    // A thread that dies meanwhile is closed, too.
    post(thread, (id) => ({ type: 'close', id }), []).catch(() => undefined);
    await ended;
    clearTimeout(timer);
  };
  /** The process ends, by a second signal or a fault: it must not do so while DuckDB is at work. */
  const onProcessExit = () => {
    if (worker === null) return;
    shutGate(gate);
    worker.postMessage({ type: 'halt' } satisfies ToStore);
    waitForGate(gate, haltDeadlineMs);
  };

  process.on('exit', onProcessExit);
  start();
  return {
    ask,
    tell: (message) => worker?.postMessage(message),
    problem,
    close: () => (closing ??= close().finally(() => process.off('exit', onProcessExit))),
  };
}
