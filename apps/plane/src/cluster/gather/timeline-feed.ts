import { ProblemError, type TimelineChange, type TimelineQuery } from '@rankscope/schema';
import type { Cluster } from './gather.ts';
import { openTimelineChannel, type TimelineChannel } from './timeline-channel.ts';

export interface TimelineFeed {
  /** A snapshot, then what changes, until the signal. Watchers of one query share one poller. */
  watch(query: TimelineQuery, signal: AbortSignal): AsyncGenerator<TimelineChange>;
  close(): void;
}

/** Screens that look at once; each is a queue of ours. */
const maxWatchers = 64;
/** Changes that wait for one slow watcher before it is given a new snapshot instead: about five seconds. */
const maxQueued = 25;

interface Watcher {
  queue: TimelineChange[];
  needsSnapshot: boolean;
  wake: () => void;
}

interface Room {
  readonly channel: TimelineChannel;
  readonly watchers: Set<Watcher>;
}

export function createTimelineFeed(options: { cluster: Cluster; wallNs: () => bigint }): TimelineFeed {
  const rooms = new Map<string, Room>();
  const closed = new AbortController();
  let count = 0;

  const openRoom = (query: TimelineQuery): Room => {
    const watchers = new Set<Watcher>();
    const onChange = (change: TimelineChange) => {
      for (const watcher of watchers) push(watcher, change);
    };
    return { watchers, channel: openTimelineChannel({ ...options, query, onChange }) };
  };
  const enter = (query: TimelineQuery, watcher: Watcher) => {
    if (count >= maxWatchers)
      throw new ProblemError('too_many_requests', `${maxWatchers} screens already watch this plane; close one`);
    const key = JSON.stringify(Object.entries(query).sort());
    const room = rooms.get(key) ?? openRoom(query);
    rooms.set(key, room);
    room.watchers.add(watcher);
    count += 1;
    const leave = () => {
      count -= 1;
      room.watchers.delete(watcher);
      if (room.watchers.size > 0) return;
      room.channel.close();
      if (rooms.get(key) === room) rooms.delete(key);
    };
    return { room, leave };
  };

  return {
    async *watch(query, outer) {
      const signal = AbortSignal.any([outer, closed.signal]);
      const watcher: Watcher = { queue: [], needsSnapshot: true, wake: () => undefined };
      const { room, leave } = enter(query, watcher);
      const wake = () => watcher.wake();
      signal.addEventListener('abort', wake);
      try {
        await Promise.race([room.channel.ready, aborted(signal)]);
        while (!signal.aborted) {
          const next = takeNext(watcher, room.channel);
          if (next) yield next;
          else await new Promise<void>((done) => (watcher.wake = done));
        }
      } finally {
        signal.removeEventListener('abort', wake);
        leave();
      }
    },
    close: () => closed.abort(),
  };
}

function push(watcher: Watcher, change: TimelineChange): void {
  if (watcher.needsSnapshot) return;
  if (watcher.queue.length >= maxQueued) {
    watcher.queue = [];
    watcher.needsSnapshot = true;
  } else watcher.queue.push(change);
  watcher.wake();
}

function takeNext(watcher: Watcher, channel: TimelineChannel): TimelineChange | undefined {
  if (!watcher.needsSnapshot) return watcher.queue.shift();
  const snapshot = channel.snapshot();
  watcher.needsSnapshot = false;
  watcher.queue = [];
  return snapshot;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
