import { createStore, type Store } from '../store.ts';
import { type Board, createBoardMaker } from '../timeline/rows.ts';
import type { Feed, Received } from './feed.ts';

/** Reports come ten times a second; a person reads four, and open slices grow by the clock in between. */
const shortestTurnMs = 240;

export interface BoardStore extends Pick<Store<{ readonly board: Board | null }>, 'get' | 'subscribe'> {
  close(): void;
}

/** Derives the board from the feed, at most four times a second. */
export function createBoardStore(feed: Feed): BoardStore {
  const store = createStore<{ readonly board: Board | null }>({ board: null });
  const makeBoard = createBoardMaker();
  let made: Received | null = null;
  let madeAt = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const make = () => {
    timer = undefined;
    const { received } = feed.get();
    if (received === null || received === made) return;
    made = received;
    madeAt = performance.now();
    store.set({ board: makeBoard(received) });
  };
  const unsubscribe = feed.subscribe(() => {
    timer ??= setTimeout(make, Math.max(0, madeAt + shortestTurnMs - performance.now()));
  });
  return {
    get: store.get,
    subscribe: store.subscribe,
    close() {
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
