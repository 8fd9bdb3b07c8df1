import type { EntrySource } from '@rankscope/schema';
import { type Held, HeldNumbers } from './held-numbers.ts';
import { JobBook } from './job-book.ts';
import { OpenNumbers, type Tally } from './open-numbers.ts';
import { PrintWindow } from './row-print.ts';
import { ShapeBook } from './shape-book.ts';
import { SourceBook } from './source-book.ts';
import type { Stretch } from './stretch.ts';
import { TextBook } from './text-book.ts';

export interface Hour {
  readonly id: number;
  /** Milliseconds since the epoch, when its first rows came. */
  readonly beganMs: number;
  rows: number;
}

/** What a node last said. */
export interface Heard {
  readonly cursor: string;
  /** JSON of its diagnostics; null when only entries ever came. */
  readonly diagnostics: string | null;
}

/** What a question is planned with: rows that are on disk, and no others. */
export interface Committed {
  readonly stretches: readonly Stretch[];
  readonly sources: SourceBook;
}

/** One recorder's numbers: in blocks that are written, and in the one that is being written. */
export class Recorder {
  readonly id: number;
  held = new HeldNumbers();
  open: OpenNumbers | null = null;
  /** No number above it is held. */
  highest = -1;

  constructor(id: number) {
    this.id = id;
  }

  look(seq: number): Held {
    if (seq > this.highest) return 'free';
    return this.open?.has(seq) ? 'held' : this.held.look(seq);
  }
}

/** A block is what a question can tell apart without reading: large enough to be few, small enough to be skipped. */
export const defaultBlockRows = 65_536;
/** Where many recorders write a block holds more rows, or what is known of it would be as large as itself. */
const rowsPerStretch = 512;

/** Four times a full cluster, so that nodes which come and go push out none that is there. */
const maxNodes = 1024;

export interface BookContents {
  readonly blockRows: number;
  readonly hours: readonly Hour[];
  readonly sources: ReadonlyMap<number, EntrySource>;
  readonly stretches: readonly Stretch[];
  readonly heard: ReadonlyMap<string, Heard>;
  readonly heardGeneration: number;
  readonly nextIds: NextIds;
}

/** The next numbers in the tables of the open hour. */
export interface NextIds {
  readonly shape: number;
  readonly job: number;
  readonly text: number;
}

/**
 * What the writer knows of the file without asking it. It runs ahead of the file within a transaction; when that fails,
 * the book is thrown away and read anew.
 */
export class Book {
  readonly sources: SourceBook;
  /** By node, the one that was heard longest ago first. Holds what is on disk, also within a transaction. */
  readonly heard: Map<string, Heard>;
  readonly prints = new PrintWindow();
  heardGeneration: number;
  /** Bytes of cursors and last words since the last generation. */
  heardBytes = 0;
  hours: Hour[];
  shapes: ShapeBook;
  jobs: JobBook;
  texts: TextBook;
  committed: Committed;
  /** The open hour takes as much of the disk as one may, so the next rows begin another. */
  isHourFull = false;
  /** By what the tables have grown since the hour began, and what they took when last measured. */
  #grownBytes = 0;
  #usedBytes: number | null = null;
  #closed: readonly Stretch[];
  #fresh: Stretch[] = [];
  readonly blockRows: number;
  readonly #recorders = new Map<number, Recorder>();
  /** Recorders that wrote into the open block. */
  #open: Recorder[] = [];
  #openRows = 0;

  constructor(contents: BookContents) {
    this.blockRows = contents.blockRows;
    this.sources = new SourceBook(contents.sources);
    this.heard = new Map(contents.heard);
    this.heardGeneration = contents.heardGeneration;
    this.hours = [...contents.hours];
    const { shape, job, text } = contents.nextIds;
    this.shapes = new ShapeBook(shape);
    this.jobs = new JobBook(job);
    this.texts = new TextBook(text);
    this.#closed = contents.stretches;
    for (const stretch of contents.stretches) this.#hold(stretch);
    this.committed = { stretches: this.#closed, sources: this.sources };
  }

  get openHour(): Hour | null {
    return this.hours.at(-1) ?? null;
  }

  recorder(id: number): Recorder {
    const known = this.#recorders.get(id);
    if (known !== undefined) return known;
    const made = new Recorder(id);
    this.#recorders.set(id, made);
    return made;
  }

  /** A row goes into the open hour. `seq` −1: the recorder does not count. */
  take(recorder: Recorder, seq: number, us: number): void {
    if (seq >= 0) this.takeRun(recorder, { firstSeq: seq, lastSeq: seq, rows: 1, minUs: us, maxUs: us });
    else {
      this.#openOf(recorder).addUncounted(us);
      this.#openRows += 1;
    }
  }

  /** Rows with numbers one after another go into the open hour. */
  takeRun(recorder: Recorder, added: Readonly<Tally>): void {
    this.#openOf(recorder).add(added);
    recorder.highest = Math.max(recorder.highest, added.lastSeq);
    this.#openRows += added.rows;
  }

  /** The rows that were taken are in the table, so it may be asked for them. */
  closeFullBlock(): void {
    if (this.#openRows < this.blockRows) return;
    // Where rows are few for their recorders the block grows on, but for blocks that are small on purpose.
    if (this.#openRows >= this.#open.length * Math.min(rowsPerStretch, this.blockRows)) this.closeBlock();
  }

  closeBlock(): void {
    const hour = this.openHour;
    if (hour === null || this.#openRows === 0) return;
    const made = this.#openStretches(hour.id);
    hour.rows += this.#openRows;
    this.#closed = [...this.#closed, ...made];
    this.#fresh.push(...made);
    for (const stretch of made) this.#hold(stretch);
    for (const recorder of this.#open) recorder.open = null;
    this.#open = [];
    this.#openRows = 0;
  }

  /** Begins an hour with nothing in its tables. The block of the last one must be closed. */
  beginHour(hour: Hour): void {
    this.hours.push(hour);
    this.isHourFull = false;
    this.#grownBytes = 0;
    this.shapes = new ShapeBook(1);
    this.jobs = new JobBook(1);
    this.texts = new TextBook(2);
  }

  /** Takes note of what all tables take: what it grows by is the open hour's, and a drop takes nothing from that. */
  measure(usedBytes: number, mostHourBytes: number): void {
    this.#grownBytes += Math.max(0, usedBytes - (this.#usedBytes ?? usedBytes));
    this.#usedBytes = usedBytes;
    this.isHourFull = this.#grownBytes > mostHourBytes;
  }

  /** Everything in the book is on disk now. */
  publish(): void {
    this.committed = { stretches: this.stretches(), sources: this.sources };
  }

  hear(nodeId: string, heard: Heard): void {
    this.heard.delete(nodeId);
    this.heard.set(nodeId, heard);
    for (const [oldest] of this.heard) {
      if (this.heard.size <= maxNodes) break;
      this.heard.delete(oldest);
    }
  }

  /** Rows for `stretches` since the last call. */
  takeFreshStretches(): Stretch[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  /** Hours that are dropped take with them the recorders that have no other rows; their numbers in `sources` come back. */
  dropHours(dropped: ReadonlySet<number>): number[] {
    this.hours = this.hours.filter(({ id }) => !dropped.has(id));
    this.#closed = this.#closed.filter(({ hour }) => !dropped.has(hour));
    const live = new Set([...this.#closed.map(({ source }) => source), ...this.#open.map(({ id }) => id)]);
    const gone = [...this.sources.entries()].map(([id]) => id).filter((id) => !live.has(id));
    for (const id of gone) {
      this.sources.remove(id);
      this.#recorders.delete(id);
    }
    for (const recorder of this.#recorders.values()) recorder.held = new HeldNumbers();
    for (const stretch of this.#closed) this.#hold(stretch);
    return gone;
  }

  /** Rows of closed blocks and of the open one. */
  get rows(): number {
    return this.hours.reduce((sum, { rows }) => sum + rows, this.#openRows);
  }

  get openRows(): number {
    return this.#openRows;
  }

  get stretchCount(): number {
    return this.#closed.length;
  }

  /** Of all rows, those of the open block included. */
  stretches(): Stretch[] {
    const hour = this.openHour;
    return hour === null ? [...this.#closed] : [...this.#closed, ...this.#openStretches(hour.id)];
  }

  #openOf(recorder: Recorder): OpenNumbers {
    if (recorder.open !== null) return recorder.open;
    recorder.open = new OpenNumbers();
    this.#open.push(recorder);
    return recorder.open;
  }

  #hold(stretch: Stretch): void {
    const recorder = this.recorder(stretch.source);
    recorder.held.add(stretch);
    recorder.highest = Math.max(recorder.highest, stretch.lastSeq);
  }

  #openStretches(hour: number): Stretch[] {
    return this.#open.flatMap(({ id, open }) => open?.stretches(hour, id) ?? []);
  }
}
