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
/**
 * Rows that the store has been given and has not yet said a word about. It gathers rows for one commit; one batch at a
 * time would have it wait for more before each, and keep ten thousand rows a second where it could keep many more.
 */
const maxGivenRows = 131_072;
const firstPauseMs = 100;
const maxPauseMs = 5_000;
const closeMs = 1_000;

interface Waiting {
  /** Grows by one. */
  readonly no: number;
  readonly batch: EntryBatch;
  readonly onKept: () => void;
}

/** Hands rows to the store in the order in which they came, and those that it refuses again, for as long as it takes. */
export function createStoreQueue({ keep, log }: { keep: KeepRows | null; log: Log }): StoreQueue {
  const waiting: Waiting[] = [];
  let nextNo = 1;
  let waitingRows = 0;
  let givenRows = 0;
  let given = 0;
  let keptRows = 0;
  let lostRows = 0;
  let trouble: string | null = null;
  let closing = false;
  let pauseMs = firstPauseMs;
  let pause: NodeJS.Timeout | null = null;
  /** Called when nothing is on the way any more. */
  let onIdle: () => void = () => undefined;

  const kept = ({ batch, onKept }: Waiting) => {
    if (trouble !== null) log.info('the entry store takes telemetry again');
    trouble = null;
    pauseMs = firstPauseMs;
    waitingRows -= batch.rows;
    keptRows += batch.rows;
    onKept();
  };
  const refused = (one: Waiting, error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    if (trouble === null) log.warn('the entry store does not take telemetry; trying again', { error: said });
    trouble = said;
    const later = waiting.findIndex(({ no }) => no > one.no);
    waiting.splice(later < 0 ? waiting.length : later, 0, one);
    if (pause !== null || closing) return;
    pause = setTimeout(() => {
      pause = null;
      giveMore();
    }, pauseMs);
    pauseMs = Math.min(maxPauseMs, pauseMs * 2);
  };
  /** The store's door is an edge: what it refuses stays here. */
  const give = async (store: KeepRows, one: Waiting): Promise<void> => {
    given += 1;
    givenRows += one.batch.rows;
    try {
      await store({ nodeId: telemetryNodeId, batch: one.batch, cursor: '', diagnostics: null });
      kept(one);
    } catch (error) {
      refused(one, error);
    }
    given -= 1;
    givenRows -= one.batch.rows;
    giveMore();
    if (given === 0) onIdle();
  };
  const giveMore = () => {
    while (keep !== null && pause === null && (!closing || trouble === null) && givenRows < maxGivenRows) {
      const next = waiting.shift();
      if (next === undefined) return;
      void give(keep, next);
    }
  };

  return {
    isFull: () => waitingRows >= maxWaitingRows || waiting.length + given >= maxWaitingBatches,
    push(batch, onKept) {
      if (keep === null || batch.rows === 0) return onKept();
      waiting.push({ no: nextNo, batch, onKept });
      nextNo += 1;
      waitingRows += batch.rows;
      giveMore();
    },
    facts: () => ({ waitingRows, keptRows, lostRows, trouble }),
    async close() {
      closing = true;
      if (pause !== null) clearTimeout(pause);
      pause = null;
      // What was refused once is tried once more.
      trouble = null;
      giveMore();
      let late: NodeJS.Timeout | undefined;
      const idle = given === 0 ? undefined : new Promise<void>((done) => (onIdle = done));
      await Promise.race([idle, new Promise((done) => (late = setTimeout(done, closeMs)))]);
      clearTimeout(late);
      lostRows += waitingRows;
      if (waitingRows > 0) log.warn('telemetry was not kept', { rows: waitingRows });
      waitingRows = 0;
    },
  };
}
