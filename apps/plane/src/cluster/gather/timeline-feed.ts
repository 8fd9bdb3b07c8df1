import { ProblemError, type TimelineChange, type TimelineQuery } from '@rankscope/schema';
import { type ChangeLog, createChangeLog } from './change-log.ts';
import type { Cluster } from './gather.ts';
import { openTimelineChannel, type TimelineChannel } from './timeline-channel.ts';

/** A change with the id under which a watcher that comes back says how far it was. */
export interface FedChange {
  readonly id: string;
  readonly change: TimelineChange;
}

export interface WatchOptions {
  readonly query: TimelineQuery;
  /** Of the last change that was heard: what was missed follows, or a snapshot when that is no longer known. */
  readonly lastEventId?: string | null | undefined;
  readonly signal: AbortSignal;
}

export interface TimelineFeed {
  /** A snapshot, then what changes, until the signal. Watchers of one query share one poller. */
  watch(options: WatchOptions): AsyncGenerator<FedChange>;
  close(): void;
}

/** Screens that look at once; each is an open answer of ours. */
const maxWatchers = 64;
/** Browsers come back after three to five seconds; the poller goes on for so long, so that they have missed nothing. */
const lingerMs = 10_000;

interface Watcher {
  /** Number of the last change it was given; null: it needs a snapshot. */
  at: number | null;
  wake: () => void;
}

interface Room {
  /** Told apart from an earlier room of the same query, whose numbers meant other changes. */
  readonly id: string;
  readonly channel: TimelineChannel;
  readonly log: ChangeLog;
  readonly watchers: Set<Watcher>;
  lingering: NodeJS.Timeout | undefined;
}

export function createTimelineFeed(options: { cluster: Cluster; wallNs: () => bigint }): TimelineFeed {
  const rooms = new Map<string, Room>();
  const closed = new AbortController();
  let count = 0;
  let opened = 0;

  const openRoom = (query: TimelineQuery): Room => {
    const watchers = new Set<Watcher>();
    const log = createChangeLog();
    const onChange = (change: TimelineChange) => {
      log.add(change);
      for (const watcher of watchers) watcher.wake();
    };
    opened += 1;
    const id = `${options.wallNs().toString(36)}.${opened}`;
    return { id, watchers, log, lingering: undefined, channel: openTimelineChannel({ ...options, query, onChange }) };
  };
  const shut = (key: string, room: Room) => {
    clearTimeout(room.lingering);
    room.channel.close();
    if (rooms.get(key) === room) rooms.delete(key);
  };
  /** A room that nobody is in makes way when there are too many. */
  const makeWay = () => {
    const empty = [...rooms].find(([, { watchers }]) => watchers.size === 0);
    if (rooms.size >= maxWatchers && empty !== undefined) shut(...empty);
  };
  const enter = (query: TimelineQuery, watcher: Watcher) => {
    if (count >= maxWatchers)
      throw new ProblemError('too_many_requests', `${maxWatchers} screens already watch this plane; close one`);
    const key = JSON.stringify(Object.entries(query).sort());
    let room = rooms.get(key);
    if (room === undefined) {
      makeWay();
      room = openRoom(query);
      rooms.set(key, room);
    }
    const entered = room;
    clearTimeout(entered.lingering);
    entered.watchers.add(watcher);
    count += 1;
    const leave = () => {
      count -= 1;
      entered.watchers.delete(watcher);
      if (entered.watchers.size > 0) return;
      if (closed.signal.aborted) shut(key, entered);
      else entered.lingering = setTimeout(() => shut(key, entered), lingerMs);
    };
    return { room: entered, leave };
  };

  return {
    async *watch({ query, lastEventId, signal: outer }) {
      const signal = AbortSignal.any([outer, closed.signal]);
      const watcher: Watcher = { at: null, wake: () => undefined };
      const { room, leave } = enter(query, watcher);
      watcher.at = placeOf(lastEventId, room);
      const wake = () => watcher.wake();
      signal.addEventListener('abort', wake);
      try {
        await Promise.race([room.channel.ready, aborted(signal)]);
        while (!signal.aborted) {
          const next = takeNext(watcher, room);
          if (next) yield next;
          else await new Promise<void>((done) => (watcher.wake = done));
        }
      } finally {
        signal.removeEventListener('abort', wake);
        leave();
      }
    },
    close() {
      closed.abort();
      for (const [key, room] of rooms) if (room.watchers.size === 0) shut(key, room);
    },
  };
}

const idOf = (room: Room, number: number) => `${room.id}.${number}`;

/** Where whoever comes back was; null when its id is of another room, or of none. */
function placeOf(lastEventId: string | null | undefined, room: Room): number | null {
  const prefix = idOf(room, 0).slice(0, -1);
  if (!lastEventId?.startsWith(prefix)) return null;
  const number = lastEventId.slice(prefix.length);
  return /^\d{1,15}$/.test(number) ? Number(number) : null;
}

/** The next change; a snapshot for whoever has none to stand on, or is so far behind that what follows is not kept. */
function takeNext(watcher: Watcher, room: Room): FedChange | null {
  const change = watcher.at === null ? undefined : room.log.after(watcher.at);
  if (change === null) return null;
  if (change !== undefined && watcher.at !== null) {
    watcher.at += 1;
    return { id: idOf(room, watcher.at), change };
  }
  // What was new goes to the log first, so that the change after the snapshot's number fits on it.
  const snapshot = room.channel.snapshot();
  watcher.at = room.log.last;
  return { id: idOf(room, watcher.at), change: snapshot };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
