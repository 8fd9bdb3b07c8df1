import type { EntrySource } from '@rankscope/schema';
import {
  type EntryColumn,
  type EntryColumnArrays,
  emptyColumn,
  entryColumnNames,
} from '@rankscope/schema/entry-columns';
import type { PackedBatch } from '../packed-batch.ts';
import { parseRareFacts } from './rare-facts.ts';
import type { RawRows } from './raw-rows.ts';
import type { HourTexts, Shape } from './row-texts.ts';
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

/** A shape with its texts as positions in the answer. */
interface PlacedShape extends Shape {
  readonly at: { readonly phase: number; readonly event: number; readonly op: number; readonly dtype: number };
  readonly frame: SiteFrame | null;
}

const two32 = 2 ** 32;

/** Rows as the tables have them → a batch in buffers of its own, ready to leave the thread. */
export function buildAnswer(input: AnswerInput): PackedBatch {
  return new AnswerBuilder(input).build();
}

class AnswerBuilder {
  readonly #input: AnswerInput;
  readonly #sources: EntrySource[] = [];
  readonly #sourceAt = new Map<number, number>();
  readonly #strings: string[] = [''];
  readonly #stringAt = new Map<string, number>([['', 0]]);
  readonly #shapes = new Map<Shape, PlacedShape>();
  /** Made when a row first says something in them. */
  readonly #columns: Partial<EntryColumnArrays> = {};
  readonly #rows: number;

  constructor(input: AnswerInput) {
    this.#input = input;
    this.#rows = input.raw.rank.reduce((count, rank) => count + (rank <= input.limit ? 1 : 0), 0);
  }

  build(): PackedBatch {
    const { raw, limit } = this.#input;
    let to = 0;
    for (let row = 0; row < raw.rows; row += 1) {
      if ((raw.rank[row] ?? 0) > limit) continue;
      this.#addRow(row, to);
      to += 1;
    }
    const columns = entryColumnNames.flatMap((name) => {
      const column = this.#columns[name];
      return column?.buffer instanceof ArrayBuffer ? [{ name, buffer: column.buffer, offset: 0 }] : [];
    });
    return { rows: this.#rows, sources: this.#sources, strings: this.#strings, columns };
  }

  #addRow(row: number, to: number): void {
    const { raw, texts } = this.#input;
    const of = texts.get(raw.hour[row] ?? 0);
    const source = this.#sourceOf(raw.source[row] ?? 0);
    if (source !== 0) this.#column('source')[to] = source;
    this.#put('seq', to, wholeAt(raw.seq, row));
    this.#put('atUs', to, wholeAt(raw.atUs, row));
    const barrier = (raw.barrier[row] ?? 0) - 1;
    this.#put('barrierSeq', to, barrier);
    this.#put('evalSeq', to, (raw.eval[row] ?? 0) - 1);
    this.#putMono(row, to);

    const shape = of?.shapes.get(raw.shape[row] ?? 0);
    const placed = shape && this.#place(shape);
    if (placed) this.#putShape(placed, to);
    const job = of?.jobs.get(raw.job[row] ?? 0);
    if (job) {
      this.#putText('taskId', to, this.#textAt(job.taskId));
      this.#putText('commandId', to, this.#textAt(job.commandId));
    }
    const detail = raw.detail[row] ?? 0;
    if (detail === detailOfSite) {
      if (placed?.frame) this.#putText('detail', to, this.#textAt(siteDetail(placed.frame, barrier)));
    } else if (detail !== 0) this.#putText('detail', to, this.#textAt(of?.texts.get(detail) ?? ''));
    const extra = raw.extra[row] ?? 0;
    if (extra !== 0) this.#putRareFacts(of?.texts.get(extra) ?? '{}', to);
  }

  #putShape({ at, group, cell, layer, waitingOn, bytes }: PlacedShape, to: number): void {
    this.#putText('phase', to, at.phase);
    this.#putText('event', to, at.event);
    this.#putText('op', to, at.op);
    this.#putText('dtype', to, at.dtype);
    this.#put('group', to, group);
    this.#put('cell', to, cell);
    this.#put('layer', to, layer);
    this.#put('waitingOn', to, waitingOn);
    this.#put('bytes', to, bytes);
  }

  #putRareFacts(json: string, to: number): void {
    const { numbers, attrs, memorySource } = parseRareFacts(json);
    for (const { name, value } of numbers) this.#put(name, to, value);
    if (attrs !== null) this.#putText('attrs', to, this.#textAt(attrs));
    if (memorySource !== null) this.#putText('memorySource', to, this.#textAt(memorySource));
  }

  /** One more than it is, 0 for none, as two halves. */
  #putMono(row: number, to: number): void {
    const low = this.#input.raw.mono[2 * row] ?? 0;
    const high = this.#input.raw.mono[2 * row + 1] ?? 0;
    if (low === 0 && high === 0) return;
    this.#column('monoHigh')[to] = low === 0 ? high - 1 : high;
    this.#column('monoLow')[to] = low === 0 ? two32 - 1 : low - 1;
  }

  #put(name: EntryColumn, to: number, value: number): void {
    if (value >= 0) this.#column(name)[to] = value;
  }

  #putText(name: EntryColumn, to: number, at: number): void {
    if (at !== 0) this.#column(name)[to] = at;
  }

  #column(name: EntryColumn): { [row: number]: number } {
    const known = this.#columns[name];
    if (known !== undefined) return known;
    const made = emptyColumn(name, this.#rows);
    Object.assign(this.#columns, { [name]: made });
    return made;
  }

  #sourceOf(id: number): number {
    const known = this.#sourceAt.get(id);
    if (known !== undefined) return known;
    const source = this.#input.sources.get(id);
    if (source === undefined) throw new Error(`rows of a recorder ${id} that is not in sources`);
    const at = this.#sources.push(source) - 1;
    this.#sourceAt.set(id, at);
    return at;
  }

  #textAt(text: string): number {
    const known = this.#stringAt.get(text);
    if (known !== undefined) return known;
    const at = this.#strings.push(text) - 1;
    this.#stringAt.set(text, at);
    return at;
  }

  #place(shape: Shape): PlacedShape {
    const known = this.#shapes.get(shape);
    if (known !== undefined) return known;
    const at = {
      phase: this.#textAt(shape.phase),
      event: this.#textAt(shape.event),
      op: this.#textAt(shape.op),
      dtype: this.#textAt(shape.dtype),
    };
    const placed = { ...shape, at, frame: siteFrame(shape) };
    this.#shapes.set(shape, placed);
    return placed;
  }
}

/** Halves of a 64-bit number of at most 53 bits. */
function wholeAt(halves: Int32Array, row: number): number {
  return (halves[2 * row + 1] ?? 0) * two32 + ((halves[2 * row] ?? 0) >>> 0);
}
