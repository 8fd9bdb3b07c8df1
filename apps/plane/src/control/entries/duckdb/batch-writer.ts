import type { EntryBatch } from '@rankscope/schema';
import type { Book, Recorder } from './book.ts';
import type { EntryAppender } from './entry-appender.ts';
import { findRareRows, rareFacts } from './rare-facts.ts';
import { createShapeFinder } from './shape-finder.ts';
import { countedSeq, type Sieved } from './sieve.ts';
import { type SiteFrame, saysItsSite } from './site-detail.ts';
import { detailOfSite } from './tables.ts';

const two32 = 2 ** 32;
const unmapped = -1;

/**
 * Writes rows of a batch into the hour's table, part by part, in the order given. One column after another: a loop over
 * one column keeps its arrays in registers, a loop over rows with twenty columns does not.
 */
export function createBatchWriter(batch: EntryBatch, book: Book, appender: EntryAppender): (sieved: Sieved) => void {
  const { columns, strings } = batch;
  const findShapes = createShapeFinder(batch, book.shapes);
  const textIds = new Int32Array(strings.length).fill(unmapped);
  const textAt = (at: number) => {
    if (textIds[at] === unmapped) textIds[at] = book.texts.idOf(strings[at] ?? '');
    return textIds[at] ?? 0;
  };
  const isSite = createSiteCheck(strings);
  const rare = findRareRows(batch);
  const frames: (SiteFrame | null)[] = [];

  return ({ kept, recorders }) => {
    for (let from = 0; from < kept.length; ) {
      const rows = kept.subarray(from, from + appender.room());
      const to = appender.at;
      fillSources(rows, columns.source, recorders, appender.source.subarray(to));
      fillSeqs(rows, columns.seq, appender.seq.subarray(2 * to));
      fillTimes(rows, columns.atUs, appender.atUs.subarray(2 * to));
      findShapes(rows, appender.shape.subarray(to), frames);
      fillJobs(rows, batch, book, appender.job.subarray(to));
      fillDetails(rows, batch, { frames, isSite, textAt }, appender.detail.subarray(to));
      fillShifted(rows, columns.barrierSeq, appender.barrier.subarray(to));
      fillShifted(rows, columns.evalSeq, appender.eval.subarray(to));
      fillMono(rows, columns.monoHigh, columns.monoLow, appender.mono.subarray(2 * to));
      const extra = appender.extra.subarray(to, to + rows.length).fill(0);
      if (rare !== null) fillExtra(rows, batch, { book, rare }, extra);
      appender.advance(rows.length);
      from += rows.length;
    }
  };
}

function fillSources(
  rows: Uint32Array,
  source: Uint16Array,
  recorders: readonly (Recorder | null)[],
  to: Uint16Array,
): void {
  const ids = Uint16Array.from(recorders, (recorder) => recorder?.id ?? 0);
  for (let i = 0; i < rows.length; i += 1) to[i] = ids[source[rows[i] ?? 0] ?? 0] ?? 0;
}

/** Whole numbers of at most 53 bits, as two halves in two's complement. */
function fillSeqs(rows: Uint32Array, seq: Float64Array, to: Uint32Array): void {
  for (let i = 0; i < rows.length; i += 1) {
    const value = countedSeq(seq[rows[i] ?? 0] ?? -1);
    to[2 * i] = value % two32;
    to[2 * i + 1] = Math.floor(value / two32);
  }
}

function fillTimes(rows: Uint32Array, atUs: Float64Array, to: Uint32Array): void {
  for (let i = 0; i < rows.length; i += 1) {
    const value = Math.round(atUs[rows[i] ?? 0] ?? 0);
    to[2 * i] = value % two32;
    to[2 * i + 1] = Math.floor(value / two32);
  }
}

/** Rows of one task follow one another. */
function fillJobs(rows: Uint32Array, { columns, strings }: EntryBatch, { jobs }: Book, to: Uint32Array): void {
  const { taskId, commandId } = columns;
  let task = -1;
  let command = -1;
  let job = 0;
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] ?? 0;
    if (taskId[row] !== task || commandId[row] !== command) {
      task = taskId[row] ?? 0;
      command = commandId[row] ?? 0;
      job = jobs.idOf(strings[task] ?? '', strings[command] ?? '');
    }
    to[i] = job;
  }
}

interface DetailTools {
  /** Of each row's shape. */
  readonly frames: readonly (SiteFrame | null)[];
  readonly isSite: (detail: number, frame: SiteFrame, ordinal: number) => boolean;
  readonly textAt: (detail: number) => number;
}

function fillDetails(rows: Uint32Array, { columns }: EntryBatch, tools: DetailTools, to: Uint32Array): void {
  const { detail: details, barrierSeq } = columns;
  const { frames, isSite, textAt } = tools;
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] ?? 0;
    const detail = details[row] ?? 0;
    const frame = frames[i] ?? null;
    if (detail === 0) to[i] = 0;
    else if (frame !== null && isSite(detail, frame, barrierSeq[row] ?? -1)) to[i] = detailOfSite;
    else to[i] = textAt(detail);
  }
}

/** Remembers of each text what it was last found to say: a site's enter, its exit and its peers have one text. */
function createSiteCheck(strings: readonly string[]): DetailTools['isSite'] {
  const saidFrames: (SiteFrame | undefined)[] = new Array(strings.length);
  const saidOrdinals = new Float64Array(strings.length);
  return (detail, frame, ordinal) => {
    if (saidFrames[detail] === frame && saidOrdinals[detail] === ordinal) return true;
    if (!saysItsSite(strings[detail] ?? '', frame, ordinal)) return false;
    saidFrames[detail] = frame;
    saidOrdinals[detail] = ordinal;
    return true;
  };
}

/** Highest value of a column that is kept as one more than it is, in 32 bits; higher ones are among the rare facts. */
const maxShifted = two32 - 2;

function fillShifted(rows: Uint32Array, column: Float64Array, to: Uint32Array): void {
  for (let i = 0; i < rows.length; i += 1) {
    const value = column[rows[i] ?? 0] ?? -1;
    to[i] = value >= 0 && value <= maxShifted && Number.isInteger(value) ? value + 1 : 0;
  }
}

/** One more than it is, so that none is 0. */
function fillMono(rows: Uint32Array, high: Int32Array, low: Uint32Array, to: Uint32Array): void {
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] ?? 0;
    const upper = high[row] ?? -1;
    const lower = low[row] ?? 0;
    const carry = lower === two32 - 1;
    to[2 * i] = upper < 0 || carry ? 0 : lower + 1;
    to[2 * i + 1] = upper < 0 ? 0 : carry ? upper + 1 : upper;
  }
}

function fillExtra(
  rows: Uint32Array,
  batch: EntryBatch,
  { book, rare }: { book: Book; rare: Uint8Array },
  to: Uint32Array,
): void {
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] ?? 0;
    const facts = rare[row] === 1 ? rareFacts(batch, row) : null;
    if (facts !== null) to[i] = book.texts.idOf(facts);
  }
}
