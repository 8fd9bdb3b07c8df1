import { MemoryIndex } from './memory-index.ts';
import { findRareSlots } from './rare-slots.ts';
import type { RingEntry } from './ring-entry.ts';
import { RingFile, RingReplacedError } from './ring-file.ts';
import type { RingHeader } from './ring-header.ts';
import { headEvery, headerAt, numberOfSeq, slotBytes } from './ring-layout.ts';
import { RingSlot } from './ring-slot.ts';
import { type RingState, readRingState } from './ring-state.ts';
import { chunkSlots, SlotChunk } from './slot-chunk.ts';
import { StringTableReader } from './string-table-reader.ts';
import { readU64 } from './unsigned.ts';

/** Where a reader is, as JSON. `{ next: 0 }` is the beginning. */
export interface RingCursor {
  /** Number of the next unread entry. */
  readonly next: number;
  /** Which ring it is for; another ring refuses it. Left out: any. */
  readonly ring?: string;
}

export interface RingScan {
  /** Entries that were shown to the visitor. */
  readonly count: number;
  /** Give it to the next read, of this reader or of a later one. */
  readonly cursor: RingCursor;
  /** Overwritten before they were read. */
  readonly dropped: number;
  /** Begun and never finished. */
  readonly torn: number;
}

export interface RingRead extends Omit<RingScan, 'count'> {
  readonly entries: readonly RingEntry[];
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
}

export interface RingReadOptions {
  /** At most so many entries. Fewer may come while there are more, when the writer laps the reader. */
  readonly limit?: number;
  /** The writing process is gone, so what is unfinished stays so. */
  readonly writerDead?: boolean;
}

const defaultLimit = 4096;
/** A writer needs less than a microsecond for a slot; one that has not finished it after this long is not going to. */
const unfinishedPatienceMs = 250;
/** A reader that is lapped again and again in one call gives back what it has instead of chasing the writer. */
const maxLaps = 16;

interface Walk {
  next: number;
  dropped: number;
  torn: number;
  count: number;
  readonly visit: (slot: RingSlot) => void;
  readonly limit: number;
  readonly writerDead: boolean;
}

/** Opens a ring file for reading, whatever state its writer is in. Throws RingFormatError when it is none. */
export function openRingReader(path: string, monotonicMs: () => number = () => performance.now()): RingReader {
  return new RingReader(new RingFile(path), monotonicMs);
}

export class RingReader {
  readonly #file: RingFile;
  readonly #monotonicMs: () => number;
  readonly #chunk = new SlotChunk();
  readonly #rareChunk = new SlotChunk();
  readonly #headWord = Buffer.alloc(8);
  readonly #slot: RingSlot;
  #unfinished: { readonly number: number; readonly sinceMs: number } | null = null;

  constructor(file: RingFile, monotonicMs: () => number) {
    this.#file = file;
    this.#monotonicMs = monotonicMs;
    const memory = new MemoryIndex(file);
    const strings = new StringTableReader(file);
    this.#slot = new RingSlot({
      memoryOf: (n) => memory.of(n),
      recordAt: (place, withAttrs) => strings.at(place, withAttrs),
    });
  }

  get header(): RingHeader {
    return this.#file.header;
  }

  /** Reads on from `cursor`. Stops before an entry that is being written; the cursor says so by staying there. */
  read(cursor: RingCursor, options: RingReadOptions = {}): RingRead {
    const entries: RingEntry[] = [];
    const { count: _count, ...read } = this.scan(cursor, options, (slot) => void entries.push(slot.entry()));
    return { ...read, entries, firstSeq: entries[0]?.n ?? null, lastSeq: entries.at(-1)?.n ?? null };
  }

  /** As {@link read}, but shows each slot to the visitor where it lies and makes nothing of it. */
  scan(
    cursor: RingCursor,
    { limit = defaultLimit, writerDead = false }: RingReadOptions,
    visit: (slot: RingSlot) => void,
  ): RingScan {
    this.#file.refuseReplaced();
    const { ring } = this.header;
    if (cursor.ring !== undefined && cursor.ring !== ring) {
      throw new RingReplacedError(
        `${this.#file.path} is the ring of ${ring}, the cursor is for ${cursor.ring}; start at 0`,
      );
    }
    const walk: Walk = { next: cursor.next, dropped: 0, torn: 0, count: 0, visit, limit, writerDead };
    this.#skipTo(walk, this.#head() - this.header.mainCount);
    for (let laps = 0; laps < maxLaps && walk.count < limit; ) {
      const outcome = this.#takeChunk(walk);
      if (outcome === 'end') break;
      if (outcome === 'lapped') laps += 1;
    }
    const { count, next, dropped, torn } = walk;
    return { count, cursor: { next, ring }, dropped, torn };
  }

  /**
   * About how many entries from `n` on have been begun; 0: none. Two reads of 8 bytes, for whoever waits for them: a
   * writer that does not map its file is further than its head says, and then the answer is 1.
   */
  pending(n: number): number {
    const ahead = this.#head() - n;
    return ahead > 0 ? ahead : Number(this.hasBegun(n));
  }

  /** Whether entry `n`, or one a lap later, was begun: one read of 8 bytes, for whoever waits. */
  hasBegun(n: number): boolean {
    const { mainCount, mainOffset } = this.header;
    this.#file.read(this.#headWord, 8, mainOffset + (n % mainCount) * slotBytes);
    return numberOfSeq(readU64(this.#headWord, 0)) >= n;
  }

  /** The newest entries, at most `limit`. What is unfinished is stepped over. */
  newest(limit: number): RingRead {
    const next = this.#findNext();
    return this.read({ next: Math.max(0, next - Math.min(limit, this.header.mainCount)) }, { limit, writerDead: true });
  }

  state(): RingState {
    this.#file.refuseReplaced();
    return readRingState(this.#file, this.#findNext());
  }

  close(): void {
    this.#file.close();
  }

  /** Reads one chunk of the main ring into the walk. */
  #takeChunk(walk: Walk): 'more' | 'lapped' | 'end' {
    const { mainCount } = this.header;
    const head = this.#head();
    const start = walk.next;
    // More than the limit asks for, so that what was overwritten is passed over at once and not a few at a time.
    const wanted = head > start ? Math.min(head - start, Math.max(walk.limit - walk.count, headEvery)) : headEvery;
    const count = this.#load(start, wanted);
    for (let i = 0; i < count && walk.count < walk.limit; i += 1) {
      const state = this.#chunk.state(i, start + i, mainCount);
      if (state === 'whole') {
        walk.count += 1;
        walk.visit(this.#slot.moveTo(this.#chunk.buffer, i * slotBytes, start + i));
      } else if (state === 'overwritten') {
        let end = i + 1;
        while (end < count && this.#chunk.state(end, start + end, mainCount) === 'overwritten') end += 1;
        this.#skipTo(walk, Math.max(start + end, this.#head() - mainCount));
        return 'lapped';
      } else {
        if (state === 'older' && start + i >= head) return 'end';
        if (!this.#isAbandoned(start + i, walk.writerDead)) return 'end';
        walk.torn += 1;
      }
      walk.next = start + i + 1;
    }
    return 'more';
  }

  /** Goes on to entry `to`, because the main ring no longer has what lies before; takes what the rare ring still has. */
  #skipTo(walk: Walk, to: number): void {
    if (to <= walk.next) return;
    const rare = findRareSlots(this.#file, this.#rareChunk, { from: walk.next, to });
    const taken = rare.slice(0, walk.limit - walk.count);
    const next = taken.length === rare.length ? to : (taken.at(-1)?.n ?? walk.next - 1) + 1;
    for (const { n, bytes } of taken) walk.visit(this.#slot.moveTo(bytes, 0, n));
    walk.count += taken.length;
    walk.dropped += next - walk.next - taken.length;
    walk.next = next;
  }

  /** An unfinished entry is abandoned when its writer is dead, or when it was already so long enough ago. */
  #isAbandoned(number: number, writerDead: boolean): boolean {
    if (writerDead) return true;
    const nowMs = this.#monotonicMs();
    if (this.#unfinished?.number !== number) this.#unfinished = { number, sinceMs: nowMs };
    return nowMs - this.#unfinished.sinceMs >= unfinishedPatienceMs;
  }

  /** Slots claimed so far, as the header says; a writer that does not map its file may be up to `headEvery` further. */
  #head(): number {
    this.#file.read(this.#headWord, 8, headerAt.mainHead);
    return readU64(this.#headWord, 0);
  }

  #findNext(): number {
    let next = this.#head();
    for (let chunks = 0; chunks < maxLaps; chunks += 1) {
      const start = next;
      const count = this.#load(start, headEvery);
      for (let i = 0; i < count; i += 1) {
        if (this.#chunk.state(i, start + i, this.header.mainCount) === 'older') return next;
        next += 1;
      }
    }
    return next;
  }

  /** Copies up to `wanted` slots from entry `number` on, as far as they lie in a row; says how many. */
  #load(number: number, wanted: number): number {
    const { mainCount, mainOffset } = this.header;
    const slot = number % mainCount;
    const count = Math.min(wanted, chunkSlots, mainCount - slot);
    this.#chunk.load(this.#file, count, mainOffset + slot * slotBytes);
    return count;
  }
}
