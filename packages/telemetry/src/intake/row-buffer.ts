import {
  bytesPerValue,
  columnOver,
  type EntryBatch,
  type EntryColumn,
  type EntryColumnArrays,
  type EntrySource,
  emptyColumn,
  entryColumnNames,
  noneOf,
} from '@rankscope/schema';
import { BatchTexts } from './batch-texts.ts';

/** Two rows for each of 1,024 spans. */
const firstRows = 2048;
/** Columns that grew beyond this for one request are given back after it. */
const keptRows = 32_768;

/** One bit a column. */
const columnBits = Object.fromEntries(entryColumnNames.map((name, index) => [name, 1 << index])) as Readonly<
  Record<EntryColumn, number>
>;
const everyRow = columnBits.source | columnBits.atUs | columnBits.phase | columnBits.event;

/**
 * Where rows come together until a batch takes them. The columns are used again for the next batch, which takes only
 * those in which some row says something: an `EntryBatchBuilder` a request would cost as much as all the decoding.
 */
export class RowBuffer {
  columns = makeColumns(firstRows);
  rows = 0;
  sources: EntrySource[] = [];
  readonly texts = new BatchTexts();
  /** Counts the batches, for whoever remembers something of one of them. */
  batchNo = 1;
  #capacity = firstRows;
  #used = everyRow;

  /** A fresh row, none in every column. `columns` may be another object afterwards. */
  row(): number {
    if (this.rows === this.#capacity) this.#grow();
    return this.rows++;
  }

  /** Says that some row of the batch has something in the column. To be called before it is written. */
  use(column: EntryColumn): void {
    this.#used |= columnBits[column];
  }

  /** Everything so far as a batch that owns its memory; afterwards there is nothing. */
  take(): EntryBatch {
    const { rows, sources } = this;
    const columns = this.#copyOfUsed();
    const strings = this.texts.take();
    this.clear();
    return { rows, sources, strings, columns };
  }

  /** One piece of memory for all columns in which something is said; the others are shared by all batches. */
  #copyOfUsed(): EntryColumnArrays {
    const { rows } = this;
    let bytes = 0;
    for (const name of entryColumnNames) if (this.#isUsed(name)) bytes += alignedBytes(name, rows);
    const { buffer } = Buffer.allocUnsafeSlow(bytes);
    const copy: Partial<Record<EntryColumn, EntryColumnArrays[EntryColumn]>> = {};
    let offset = 0;
    for (const name of entryColumnNames) {
      if (!this.#isUsed(name)) {
        copy[name] = noneColumn(name, rows);
        continue;
      }
      const column = columnOver(name, buffer, offset, rows);
      column.set(this.columns[name].subarray(0, rows));
      copy[name] = column;
      offset += alignedBytes(name, rows);
    }
    return copy as EntryColumnArrays;
  }

  #isUsed(name: EntryColumn): boolean {
    return (this.#used & columnBits[name]) !== 0;
  }

  /** Forgets the rows from `rows` on. Texts and sources that only they had stay, and harm nobody. */
  truncate(rows: number): void {
    for (const name of entryColumnNames) if (this.#isUsed(name)) this.columns[name].fill(noneOf(name), rows, this.rows);
    this.rows = rows;
  }

  clear(): void {
    if (this.#capacity > keptRows) {
      this.#capacity = firstRows;
      this.columns = makeColumns(firstRows);
    } else this.truncate(0);
    this.rows = 0;
    this.sources = [];
    this.texts.clear();
    this.batchNo += 1;
    this.#used = everyRow;
  }

  #grow(): void {
    const grown = makeColumns(this.#capacity * 2);
    for (const name of entryColumnNames) grown[name].set(this.columns[name]);
    this.columns = grown;
    this.#capacity *= 2;
  }
}

/** Each column begins where a value of any width may stand. */
function alignedBytes(name: EntryColumn, rows: number): number {
  return Math.ceil((rows * bytesPerValue(name)) / 8) * 8;
}

function makeColumns(rows: number): EntryColumnArrays {
  return Object.fromEntries(
    entryColumnNames.map((name) => [name, emptyColumn(name, rows)]),
  ) as unknown as EntryColumnArrays;
}

/** Columns in which nothing is said, of the length that was wanted last: batches share them. */
const nones = new Map<EntryColumn, EntryColumnArrays[EntryColumn]>();

function noneColumn(name: EntryColumn, rows: number): EntryColumnArrays[EntryColumn] {
  const known = nones.get(name);
  if (known !== undefined && known.length >= rows && rows <= keptRows) return known.subarray(0, rows);
  const made = emptyColumn(name, rows <= keptRows ? Math.max(firstRows, rows) : rows);
  if (rows <= keptRows) nones.set(name, made);
  return made.subarray(0, rows);
}
