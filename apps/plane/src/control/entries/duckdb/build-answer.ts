import type { EntrySource } from '@rankscope/schema';
import { columnOver, type EntryColumn, type EntryColumnArrays, emptyColumn } from '@rankscope/schema/entry-columns';
import type { PackedBatch, PackedColumn } from '../packed-batch.ts';
import { AnswerStrings } from './answer-strings.ts';
import { type Numbered, numberRows } from './numbered.ts';
import { parseRareFacts } from './rare-facts.ts';
import type { RawRows } from './raw-rows.ts';
import type { HourTexts, Job, Shape } from './row-texts.ts';
import { type SiteFrame, siteDetail, siteFrame } from './site-detail.ts';
import type { SourceBook } from './source-book.ts';
import { detailOfSite } from './tables.ts';

export interface AnswerInput {
  readonly raw: RawRows;
  readonly texts: ReadonlyMap<number, HourTexts>;
  readonly sources: SourceBook;
  /** Rows that rank behind it are left out. */
  readonly limit: number;
}

const two32 = 2 ** 32;

/**
 * Rows as the tables have them → a batch in buffers of its own, ready to leave the thread. One column after another, as
 * they were written.
 */
export function buildAnswer({ raw, texts, sources, limit }: AnswerInput): PackedBatch {
  const kept = rowsUpTo(raw.rank, limit);
  const columns = new AnswerColumns(kept.length);
  const strings = new AnswerStrings();
  const answered = putSources(kept, raw, sources, columns);
  putWhole(kept, raw.seq, columns.of('seq'));
  putWhole(kept, raw.atUs, columns.of('atUs'));
  putShifted(kept, raw.barrier, () => columns.of('barrierSeq'));
  putShifted(kept, raw.eval, () => columns.of('evalSeq'));
  putMono(kept, raw.mono, columns);
  const shapes = numberRows<Shape>({ raw, kept, texts, column: 'shape', find: (of, id) => of.shapes.get(id) });
  putShapes(shapes, strings, columns);
  const jobs = numberRows<Job>({ raw, kept, texts, column: 'job', find: (of, id) => of.jobs.get(id) });
  putTexts(
    jobs,
    (job) => strings.at(job.taskId),
    () => columns.of('taskId'),
  );
  putTexts(
    jobs,
    (job) => strings.at(job.commandId),
    () => columns.of('commandId'),
  );
  putDetails({ kept, raw, texts, shapes }, strings, columns);
  putRareFacts({ kept, raw, texts }, strings, columns);
  return { rows: kept.length, sources: answered, strings: strings.all, columns: columns.packed() };
}

/** Columns that are made when they are first needed. */
class AnswerColumns {
  readonly #rows: number;
  readonly #made = new Map<EntryColumn, PackedColumn>();

  constructor(rows: number) {
    this.#rows = rows;
  }

  of<C extends EntryColumn>(name: C): EntryColumnArrays[C] {
    const known = this.#made.get(name);
    if (known) return columnOver(name, known.buffer, 0, this.#rows);
    const column = emptyColumn(name, this.#rows);
    if (column.buffer instanceof ArrayBuffer) this.#made.set(name, { name, buffer: column.buffer, offset: 0 });
    return column;
  }

  packed(): PackedColumn[] {
    return [...this.#made.values()];
  }
}

function rowsUpTo(rank: Uint32Array, limit: number): Uint32Array {
  const kept = new Uint32Array(rank.length);
  let count = 0;
  for (let row = 0; row < rank.length; row += 1) if ((rank[row] ?? 0) <= limit) kept[count++] = row;
  return kept.subarray(0, count);
}

function putSources(kept: Uint32Array, raw: RawRows, sources: SourceBook, columns: AnswerColumns): EntrySource[] {
  const answered: EntrySource[] = [];
  const placeOf = new Map<number, number>();
  const column = columns.of('source');
  for (let i = 0; i < kept.length; i += 1) {
    const id = raw.source[kept[i] ?? 0] ?? 0;
    let place = placeOf.get(id);
    if (place === undefined) {
      const source = sources.get(id);
      if (source === undefined) throw new Error(`there are rows of a recorder ${id} that is not in sources`);
      place = answered.push(source) - 1;
      placeOf.set(id, place);
    }
    column[i] = place;
  }
  return answered;
}

/** From halves of 64-bit numbers that have at most 53 bits. */
function putWhole(kept: Uint32Array, halves: Int32Array, column: Float64Array): void {
  for (let i = 0; i < kept.length; i += 1) {
    const at = 2 * (kept[i] ?? 0);
    column[i] = (halves[at + 1] ?? 0) * two32 + ((halves[at] ?? 0) >>> 0);
  }
}

/** From one more than it is. */
function putShifted(kept: Uint32Array, shifted: Uint32Array, makeColumn: () => Float64Array): void {
  if (!shifted.some((value) => value !== 0)) return;
  const column = makeColumn();
  for (let i = 0; i < kept.length; i += 1) column[i] = (shifted[kept[i] ?? 0] ?? 0) - 1;
}

/** From one more than it is, 0 for none, as two halves. */
function putMono(kept: Uint32Array, mono: Uint32Array, columns: AnswerColumns): void {
  if (!mono.some((half) => half !== 0)) return;
  const high = columns.of('monoHigh');
  const low = columns.of('monoLow');
  for (let i = 0; i < kept.length; i += 1) {
    const at = 2 * (kept[i] ?? 0);
    const lower = mono[at] ?? 0;
    const upper = mono[at + 1] ?? 0;
    if (lower === 0 && upper === 0) continue;
    low[i] = lower === 0 ? two32 - 1 : lower - 1;
    high[i] = lower === 0 ? upper - 1 : upper;
  }
}

const shapeTexts = ['phase', 'event', 'op', 'dtype'] as const;
const shapeNumbers = ['group', 'cell', 'layer', 'waitingOn', 'bytes'] as const;

function putShapes(shapes: Numbered<Shape>, strings: AnswerStrings, columns: AnswerColumns): void {
  for (const name of shapeTexts)
    putTexts(
      shapes,
      (shape) => strings.at(shape[name]),
      () => columns.of(name),
    );
  for (const name of shapeNumbers) {
    if (!shapes.all.some((shape) => shape[name] >= 0)) continue;
    const values = [-1, ...shapes.all.map((shape) => shape[name])];
    const column = columns.of(name);
    for (let i = 0; i < shapes.of.length; i += 1) column[i] = values[shapes.of[i] ?? 0] ?? -1;
  }
}

function putTexts<T>({ all, of }: Numbered<T>, textOf: (one: T) => number, makeColumn: () => Uint32Array): void {
  const texts = Uint32Array.from([0, ...all.map(textOf)]);
  if (!texts.some((at) => at !== 0)) return;
  const column = makeColumn();
  for (let i = 0; i < of.length; i += 1) column[i] = texts[of[i] ?? 0] ?? 0;
}

interface TextRows {
  readonly kept: Uint32Array;
  readonly raw: RawRows;
  readonly texts: ReadonlyMap<number, HourTexts>;
}

function putDetails(
  { kept, raw, texts, shapes }: TextRows & { readonly shapes: Numbered<Shape> },
  strings: AnswerStrings,
  columns: AnswerColumns,
): void {
  if (!raw.detail.some((detail) => detail !== 0)) return;
  const column = columns.of('detail');
  const frames = [null, ...shapes.all.map(siteFrame)];
  const siteAt = createSiteTexts(strings);
  for (let i = 0; i < kept.length; i += 1) {
    const row = kept[i] ?? 0;
    const detail = raw.detail[row] ?? 0;
    const frame = frames[shapes.of[i] ?? 0] ?? null;
    if (detail === detailOfSite) column[i] = frame ? siteAt(frame, (raw.barrier[row] ?? 0) - 1) : 0;
    else if (detail !== 0) column[i] = strings.at(texts.get(raw.hour[row] ?? 0)?.texts.get(detail) ?? '');
  }
}

/** A site's exit follows its enter and has the same text. */
function createSiteTexts(strings: AnswerStrings) {
  let last: SiteFrame = { before: '', after: '' };
  let lastOrdinal = -1;
  let at = 0;
  return (frame: SiteFrame, ordinal: number): number => {
    if (ordinal === lastOrdinal && frame.before === last.before && frame.after === last.after) return at;
    last = frame;
    lastOrdinal = ordinal;
    at = strings.at(siteDetail(frame, ordinal));
    return at;
  };
}

function putRareFacts({ kept, raw, texts }: TextRows, strings: AnswerStrings, columns: AnswerColumns): void {
  for (let i = 0; i < kept.length; i += 1) {
    const row = kept[i] ?? 0;
    const extra = raw.extra[row] ?? 0;
    if (extra === 0) continue;
    const facts = parseRareFacts(texts.get(raw.hour[row] ?? 0)?.texts.get(extra) ?? '{}');
    for (const { name, value } of facts.numbers) columns.of(name)[i] = value;
    if (facts.attrs !== null) columns.of('attrs')[i] = strings.at(facts.attrs);
    if (facts.memorySource !== null) columns.of('memorySource')[i] = strings.at(facts.memorySource);
  }
}
