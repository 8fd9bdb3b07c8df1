import type { ClusterAnalysis, ClusterTimeline, TimelineChange } from '@rankscope/schema';
import { applyChange } from '@rankscope/timeline';
import { createStore, type Store } from '../store.ts';

/** Newest entries of a rank that the page keeps; what the plane's own rings hold is more than a screen can show. */
const maxEntriesPerRunner = 8192;
/** A report is drawn forward by the wall clock for so long; then the page says how old it is. */
export const trustedForMs = 3000;
const firstRetryMs = 500;
const lastRetryMs = 10_000;

export interface Received {
  readonly timeline: ClusterTimeline;
  readonly analysis: ClusterAnalysis;
}

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | {
      readonly kind: 'reconnecting';
      readonly attempts: number;
      readonly error: string;
      readonly retryAtMs: number | null;
    }
  | { readonly kind: 'hidden' };

export interface FeedState {
  readonly received: Received | null;
  /** When the newest change came, by this machine's monotonic clock, and the cluster's own time in it. */
  readonly receivedAtMs: number;
  readonly generatedAtMs: number;
  readonly connection: Connection;
}

export interface Listener {
  onChange(change: TimelineChange, id: string | null): void;
  onOpen(): void;
  onLost(error: string): void;
  onEnd(error: string): void;
}

/** Opens the plane's live stream, from after `lastEventId` when there is one; returns how to close it. */
export type OpenStream = (lastEventId: string | null, listener: Listener) => () => void;

export interface Feed extends Pick<Store<FeedState>, 'get' | 'subscribe'> {
  start(): void;
  retryNow(): void;
  /** A hidden tab holds no stream: browsers allow six to one origin. */
  setHidden(hidden: boolean): void;
  close(): void;
}

/** Keeps the page's copy of the cluster's timeline up to date, through lost streams and hidden tabs. */
export function createFeed(openStream: OpenStream, clock: () => number): Feed {
  const store = createStore<FeedState>({
    received: null,
    receivedAtMs: 0,
    generatedAtMs: 0,
    connection: { kind: 'connecting' },
  });
  let closeStream: (() => void) | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let lastEventId: string | null = null;
  let attempts = 0;

  const stop = () => {
    clearTimeout(retry);
    closeStream?.();
    closeStream = null;
  };
  const onLost = (error: string) => {
    attempts += 1;
    store.set({ connection: { kind: 'reconnecting', attempts, error, retryAtMs: null } });
  };
  const start = () => {
    stop();
    let current = true;
    const opened = openStream(lastEventId, {
      onOpen() {
        if (current) attempts = 0;
      },
      onChange(change, id) {
        if (!current) return;
        lastEventId = id ?? lastEventId;
        attempts = 0;
        const received = applyChange(store.get().received, change, { maxEntriesPerRunner });
        if (received === null) return;
        store.set({
          received,
          receivedAtMs: clock(),
          generatedAtMs: Date.parse(received.timeline.generatedAt),
          connection: { kind: 'live' },
        });
      },
      onLost(error) {
        if (current) onLost(error);
      },
      onEnd(error) {
        if (!current) return;
        stop();
        onLost(error);
        const waitMs = Math.min(lastRetryMs, firstRetryMs * 2 ** (attempts - 1));
        store.set({ connection: { kind: 'reconnecting', attempts, error, retryAtMs: clock() + waitMs } });
        retry = setTimeout(start, waitMs);
      },
    });
    closeStream = () => {
      current = false;
      opened();
    };
  };
  return {
    get: store.get,
    subscribe: store.subscribe,
    start,
    retryNow: start,
    setHidden(hidden) {
      const { connection } = store.get();
      if (hidden) {
        stop();
        store.set({ connection: { kind: 'hidden' } });
      } else if (connection.kind === 'hidden') {
        store.set({ connection: { kind: 'connecting' } });
        start();
      }
    },
    close: stop,
  };
}

/** The cluster's present by the newest report, carried forward by this machine's clock while the report is young. */
export function nowOf(
  { generatedAtMs, receivedAtMs }: FeedState,
  clockMs: number,
): { nowMs: number; wallMs: number; staleSeconds: number } {
  const age = Math.max(0, clockMs - receivedAtMs);
  return {
    nowMs: generatedAtMs + (age > trustedForMs ? 0 : age),
    wallMs: generatedAtMs + age,
    staleSeconds: age > trustedForMs ? age / 1000 : 0,
  };
}
