import { setImmediate as nextTurn } from 'node:timers/promises';
import { openRingReader, type RingCursor, type RingReader } from '@rankscope/flight-recorder';
import { createDurationTrack, type DurationTrack } from './duration-track.ts';

/** How long phases and collectives of the living ranks of this machine took. */
export interface Durations {
  /** Reads on to the present. A plane that is never asked for it never reads. */
  catchUp(): Promise<void>;
  of(runnerId: string): RankDurations | null;
  close(): void;
}

export interface RankDurations extends Pick<DurationTrack, 'phases' | 'collectives'> {
  /** Entries that were overwritten before they were counted. */
  readonly missed: number;
}

export interface DurationsOptions {
  readonly runners: () => readonly { readonly facts: Living }[];
  readonly nowMs: () => number;
}

interface Living {
  readonly alive: boolean;
  readonly assignment: { readonly runnerId: string; readonly ringPath: string };
}

/** At 2,000 entries a second a ring holds 30 s: it is read long before it comes round. */
const tickMs = 1_000;
/** Nobody has scraped for so long: nobody wants the figures, and reading stops until somebody does. */
const unaskedMs = 300_000;
/** Less than a millisecond of work, after which the event loop has its turn. */
const sliceEntries = 512;
/** Sixteen full rings are two seconds of reading; a scrape is given up after ten, by default. */
const catchUpMs = 4_000;

/**
 * Counting begins with the first scrape, and with the oldest entry that the recorders still hold; that scrape waits for
 * it. A plane that nobody scrapes pays nothing, and what was before the first scrape is in its answer: counted later,
 * it would look as if it had all happened in one second.
 */
export function openDurations({ runners, nowMs }: DurationsOptions): Durations {
  const counted = new Map<string, Counted>();
  let running: Promise<void> | null = null;
  let ticker: NodeJS.Timeout | undefined;
  let askedAtMs = 0;
  let closed = false;

  const refresh = (): Counted[] => {
    const living = new Map(
      runners().flatMap(({ facts: { alive, assignment } }) => (alive ? [[assignment.runnerId, assignment]] : [])),
    );
    for (const [runnerId, one] of counted) {
      if (living.has(runnerId)) continue;
      one.close();
      counted.delete(runnerId);
    }
    for (const [runnerId, { ringPath }] of living)
      if (!counted.has(runnerId)) counted.set(runnerId, openCounted(ringPath));
    return [...counted.values()];
  };
  const readOn = async () => {
    const untilMs = nowMs() + catchUpMs;
    let behind = refresh();
    // A slice of each in turn: a rank that writes faster than it is read does not keep the others from being read.
    while (behind.length > 0 && !closed && nowMs() < untilMs) {
      const still: Counted[] = [];
      for (const one of behind) {
        if (one.readSlice()) still.push(one);
        await nextTurn();
        if (closed) return;
      }
      behind = still;
    }
  };
  const run = (): Promise<void> => {
    running ??= readOn().finally(() => (running = null));
    return running;
  };
  const stopTicking = () => {
    clearInterval(ticker);
    ticker = undefined;
  };

  return {
    catchUp() {
      askedAtMs = nowMs();
      ticker ??= setInterval(() => {
        if (nowMs() - askedAtMs > unaskedMs) stopTicking();
        else void run();
      }, tickMs).unref();
      return run();
    },
    of: (runnerId) => counted.get(runnerId) ?? null,
    close() {
      closed = true;
      stopTicking();
      for (const one of counted.values()) one.close();
    },
  };
}

interface Counted extends RankDurations {
  /** Takes the next entries; false when there are no more now. */
  readSlice(): boolean;
  close(): void;
}

function openCounted(ringPath: string): Counted {
  const track = createDurationTrack();
  let reader: RingReader | null = null;
  let cursor: RingCursor = { next: 0 };
  let missed = 0;
  const close = () => {
    reader?.close();
    reader = null;
  };
  const take = (): boolean => {
    reader ??= openRingReader(ringPath);
    // Another ring under the same path is counted from its beginning; the same one, opened anew, from where we were.
    if (cursor.ring !== undefined && cursor.ring !== reader.header.ring) cursor = { next: 0 };
    const read = reader.read(cursor, { limit: sliceEntries });
    cursor = read.cursor;
    missed += read.dropped;
    for (const entry of read.entries) track.see(entry);
    return read.entries.length === sliceEntries;
  };
  return {
    phases: track.phases,
    collectives: track.collectives,
    get missed() {
      return missed;
    },
    readSlice() {
      try {
        return take();
      } catch {
        // Not there yet, replaced or damaged: the node view says so in words; here it is tried again at the next tick.
        close();
        return false;
      }
    },
    close,
  };
}
