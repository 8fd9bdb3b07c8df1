import type { Log } from '@rankscope/daemon';
import type { EntryBatch } from '@rankscope/schema';
import type { Tailed } from '../entries/entry-store.ts';

/** Keeps rows of others; resolves when they are on disk, rejects when they are not. */
export type KeepRows = (tailed: Tailed) => Promise<void>;

export interface StoreQueue {
  /** More is waiting than may: senders are to come again later. */
  isFull(): boolean;
  /** `onKept` is called once the rows are on disk, or at once where there is no store. */
  push(batch: EntryBatch, onKept: () => void): void;
  facts(): StoreQueueFacts;
  /** Writes what waits, within the deadline; what is left is lost and counted. */
  close(): Promise<void>;
}

export interface StoreQueueFacts {
  readonly waitingRows: number;
  readonly keptRows: number;
  /** Not on disk when the plane ended. */
  readonly lostRows: number;
  /** What the store last said, while it takes nothing; null otherwise. */
  readonly trouble: string | null;
}

/** The name under which telemetry is kept: it is no node's, and so has no cursor of one. */
export const telemetryNodeId = 'telemetry';

/** Half of what is kept in memory: nothing goes from there before it is on disk. */
const maxWaitingRows = 262_144;
/** A batch costs some 6 KB besides its rows. */
const maxWaitingBatches = 4_096;
const firstPauseMs = 100;
const maxPauseMs = 5_000;
const closeMs = 1_000;

interface Waiting {
  readonly batch: EntryBatch;
  readonly onKept: () => void;
}

/** Hands rows to the store one batch after the other, and tries again for as long as it takes. */
export function createStoreQueue({ keep, log }: { keep: KeepRows | null; log: Log }): StoreQueue {
  const waiting: Waiting[] = [];
  let closing = false;
  /** Ends the pause between two tries. */
  let wake: () => void = () => undefined;
  let waitingRows = 0;
  let keptRows = 0;
  let lostRows = 0;
  let trouble: string | null = null;
  let working: Promise<void> | null = null;

  /** The store's door is an edge: what it says is told once, and the rows stay where they are. */
  const tryOne = async (store: KeepRows, { batch, onKept }: Waiting): Promise<boolean> => {
    try {
      await store({ nodeId: telemetryNodeId, batch, cursor: '', diagnostics: null });
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      if (trouble === null) log.warn('the entry store does not take telemetry; trying again', { error: said });
      trouble = said;
      return false;
    }
    if (trouble !== null) log.info('the entry store takes telemetry again');
    trouble = null;
    waitingRows -= batch.rows;
    keptRows += batch.rows;
    waiting.shift();
    onKept();
    return true;
  };

  const work = async (store: KeepRows): Promise<void> => {
    let pauseMs = firstPauseMs;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (await tryOne(store, next)) {
        pauseMs = firstPauseMs;
        continue;
      }
      if (closing) break;
      await new Promise<void>((done) => {
        const timer = setTimeout(done, pauseMs);
        wake = () => {
          clearTimeout(timer);
          done();
        };
      });
      pauseMs = Math.min(maxPauseMs, pauseMs * 2);
    }
    working = null;
  };

  return {
    isFull: () => waitingRows >= maxWaitingRows || waiting.length >= maxWaitingBatches,
    push(batch, onKept) {
      if (keep === null || batch.rows === 0) return onKept();
      waiting.push({ batch, onKept });
      waitingRows += batch.rows;
      working ??= work(keep);
    },
    facts: () => ({ waitingRows, keptRows, lostRows, trouble }),
    async close() {
      closing = true;
      wake();
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([working, new Promise((done) => (timer = setTimeout(done, closeMs)))]);
      clearTimeout(timer);
      lostRows += waitingRows;
      if (waitingRows > 0) log.warn('telemetry was not kept', { rows: waitingRows });
      waitingRows = 0;
    },
  };
}
