'use client';
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type { Board } from '../timeline/rows.ts';
import { type BoardStore, createBoardStore } from './board-store.ts';
import { createFeed, type Feed, type FeedState } from './feed.ts';
import { openPlaneStream } from './open-stream.ts';

interface Live {
  readonly feed: Feed;
  readonly boards: BoardStore;
}

const LiveContext = createContext<Live | null>(null);

function createLive(): Live {
  const feed = createFeed(openPlaneStream, () => performance.now());
  return { feed, boards: createBoardStore(feed) };
}

/** One stream for all pages, open while the tab is shown. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const [live] = useState(createLive);
  useEffect(() => {
    const follow = () => live.feed.setHidden(document.hidden);
    if (document.hidden) live.feed.setHidden(true);
    else live.feed.start();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      live.feed.close();
    };
  }, [live]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error('useLive is for what stands inside LiveProvider');
  return live;
}

export function useBoard(): Board | null {
  const { boards } = useLive();
  return useSyncExternalStore(boards.subscribe, boards.get, boards.get).board;
}

/** The feed's state, looked at four times a second: enough for figures in text. */
export function useFeed(): { readonly state: FeedState; readonly clockMs: number } {
  const { feed } = useLive();
  const [look, setLook] = useState(() => ({ state: feed.get(), clockMs: 0 }));
  useEffect(() => {
    const turn = () => setLook({ state: feed.get(), clockMs: performance.now() });
    turn();
    const timer = setInterval(turn, 250);
    return () => clearInterval(timer);
  }, [feed]);
  return look;
}
