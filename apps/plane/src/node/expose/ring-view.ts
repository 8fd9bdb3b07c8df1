import { statSync } from 'node:fs';
import {
  openRingReader,
  type RingEntry,
  type RingReader,
  RingReplacedError,
  type RingSlot,
  type RingState,
} from '@rankscope/flight-recorder';
import type { FlightEntry } from '@rankscope/schema';
import { wireEntry } from './wire-entry.ts';

/** One entry, ready for the wire, with the time by which it is merged. */
export interface ViewedEntry {
  readonly monoNs: bigint;
  readonly entry: FlightEntry;
}

export interface RingReading {
  readonly kind: 'readable';
  readonly state: RingState;
  readonly entries: readonly ViewedEntry[];
  readonly lastEntry: RingEntry | null;
  /** Ordinal of the last collective of the world that was left. */
  readonly lastLeft: number | null;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  readonly dropped: number;
  readonly torn: number;
  /** What is wrong with the file although it can still be read; null when nothing is. */
  readonly damage: string | null;
}

export type RingGlance =
  | RingReading
  | { readonly kind: 'missing' }
  /** `last` is what was read before, null when the file never could be. */
  | { readonly kind: 'unreadable'; readonly reason: string; readonly last: RingReading | null };

export interface RingView {
  /** The newest `limit` entries and the state now. Never throws: a file that cannot be read is an answer. */
  look(limit: number, writerDead: boolean): RingGlance;
  close(): void;
}

export interface RingViewOptions {
  readonly path: string;
  readonly wallAtNs: (monoNs: bigint) => bigint;
  readonly source: 'supervisor' | null;
}

/** Kept ready for the usual question; who wants more gets it read from the file. */
const keptEntries = 2048;

/**
 * Looks at one ring from outside, on demand: what has been read and translated once is not read again. What was read
 * outlives the file: the last known phase of a rank is needed most when its recorder has come to harm.
 */
export function openRingView(options: RingViewOptions): RingView {
  let reader: RingReader | null = null;
  let memo = emptyMemo();
  let runnerId: string | null = null;
  let last: RingReading | null = null;
  const close = () => {
    reader?.close();
    reader = null;
  };
  const open = (): RingReader => {
    const opened = openRingReader(options.path);
    if (runnerId !== null && opened.header.runnerId !== runnerId) {
      opened.close();
      throw new Error(`${options.path} is now the recorder of ${opened.header.runnerId}, no longer of ${runnerId}`);
    }
    runnerId = opened.header.runnerId;
    return opened;
  };
  const look = (limit: number, writerDead: boolean): RingReading => {
    // A file that was opened anew is read anew; until that has worked, what was read before is kept.
    const reading = reader === null ? emptyMemo() : memo;
    reader ??= open();
    last = lookInto(reader, reading, { ...options, limit, writerDead });
    memo = reading;
    return last;
  };
  const lastReading = (limit: number) => last && { ...last, entries: newestOf(memo, limit) };
  return {
    look(limit, writerDead) {
      try {
        return look(limit, writerDead);
      } catch (error) {
        close();
        if (!(error instanceof RingReplacedError)) return whyNot(error, options.path, lastReading(limit));
      }
      // What took its place is either the same rank's new ring, or says by itself what is wrong with it.
      try {
        return look(limit, writerDead);
      } catch (error) {
        close();
        return whyNot(error, options.path, lastReading(limit));
      }
    },
    close,
  };
}

function whyNot(error: unknown, path: string, last: RingReading | null): RingGlance {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
    return last === null ? { kind: 'missing' } : { kind: 'unreadable', reason: `${path} was removed`, last };
  return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error), last };
}

interface Memo {
  next: number;
  lastEntry: RingEntry | null;
  lastLeft: number | null;
  dropped: number;
  torn: number;
  /** Translated so far, up to but not including entry `entriesNext`; further only when somebody asks for entries. */
  entries: ViewedEntry[];
  entriesNext: number;
}

function emptyMemo(): Memo {
  return { next: 0, lastEntry: null, lastLeft: null, dropped: 0, torn: 0, entries: [], entriesNext: 0 };
}

interface LookOptions extends RingViewOptions {
  readonly limit: number;
  readonly writerDead: boolean;
}

function lookInto(reader: RingReader, memo: Memo, options: LookOptions): RingReading {
  const state = reader.state();
  lookOver(reader, memo, { ...options, next: state.next });
  if (options.limit > 0) translateNew(reader, memo, { ...options, next: state.next });
  const { mainCount } = reader.header;
  return {
    kind: 'readable',
    state,
    entries: options.limit <= keptEntries ? newestOf(memo, options.limit) : readWhole(reader, options),
    lastEntry: memo.lastEntry,
    lastLeft: memo.lastLeft,
    firstSeq: state.next === 0 ? null : Math.max(0, state.next - mainCount),
    lastSeq: state.next === 0 ? null : state.next - 1,
    dropped: memo.dropped,
    torn: memo.torn,
    damage: findDamage(options.path, reader.header.fileBytes),
  };
}

function newestOf({ entries }: Memo, limit: number): ViewedEntry[] {
  return entries.slice(Math.max(0, entries.length - limit));
}

/** What was read before stays readable, so the rest is shown along with the news that the file is not whole. */
function findDamage(path: string, wholeBytes: number): string | null {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) return `${path} was removed`;
  return bytes < wholeBytes ? `${path} was cut short: ${bytes} of ${wholeBytes} bytes are left` : null;
}

interface RefreshOptions extends LookOptions {
  readonly next: number;
}

/** What is said of the recorder as a whole. Followed several times a second, so nothing is made of the entries. */
function lookOver(reader: RingReader, memo: Memo, { next, writerDead }: RefreshOptions): void {
  const oldest = Math.max(0, next - reader.header.mainCount);
  memo.dropped += Math.max(0, oldest - memo.next);
  const from = newestFrom(memo.next, next, oldest);
  let last: number | null = null;
  const read = reader.scan({ next: from }, { limit: keptEntries, writerDead }, (slot) => {
    last = slot.n;
    if (leavesCollective(slot)) memo.lastLeft = slot.barrierSeq;
  });
  memo.torn += read.torn;
  memo.next = read.cursor.next;
  if (last !== null) memo.lastEntry = reader.read({ next: last }, { limit: 1 }).entries[0] ?? memo.lastEntry;
}

function translateNew(reader: RingReader, memo: Memo, { next, ...options }: RefreshOptions): void {
  const from = newestFrom(memo.entriesNext, next, Math.max(0, next - reader.header.mainCount));
  const read = reader.read({ next: from }, { limit: keptEntries, writerDead: options.writerDead });
  memo.entriesNext = read.cursor.next;
  memo.entries = [...memo.entries, ...translate(read.entries, from, options)].slice(-keptEntries);
}

/** Nobody has looked for long: what lies between is still in the file, for whoever asks for more. */
function newestFrom(known: number, next: number, oldest: number): number {
  return Math.max(known, next - keptEntries, oldest);
}

function readWhole(reader: RingReader, options: LookOptions): ViewedEntry[] {
  const { entries } = reader.newest(options.limit);
  return translate(entries, entries[0]?.n ?? 0, options);
}

function translate(entries: readonly RingEntry[], from: number, { wallAtNs, source }: RingViewOptions): ViewedEntry[] {
  let expected = from;
  return entries.map((raw) => {
    const dropped = Math.max(0, raw.n - expected);
    expected = raw.n + 1;
    return { monoNs: raw.tMonoNs, entry: wireEntry(raw, { wallAtNs, source, dropped }) };
  });
}

function leavesCollective({ event, group, pointToPoint, barrierSeq }: RingSlot): boolean {
  return event === 'collective_exit' && group === 0 && !pointToPoint && barrierSeq !== null;
}
