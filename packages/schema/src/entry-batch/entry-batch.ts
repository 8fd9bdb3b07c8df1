import { type EntryColumn, type EntryColumnArrays, emptyColumn, entryColumnNames, noneOf } from './entry-columns.ts';

/** The recorder that wrote a row: a runner's own, or its supervisor's. */
export interface EntrySource {
  readonly nodeId: string;
  readonly runnerId: string;
  readonly instanceId: string;
  readonly modelId: string;
  readonly deviceRank: number;
  readonly worldSize: number;
  readonly attempt: number;
  /** `supervisor` when the plane recorded it for a silent runner; empty for the runner's own recorder. */
  readonly recorder: string;
}

/** Entries as columns; see {@link entryColumns}. Rows of one recorder stand in the order of their numbers. */
export interface EntryBatch {
  readonly rows: number;
  readonly sources: readonly EntrySource[];
  /** `strings[0]` is the empty text. */
  readonly strings: readonly string[];
  readonly columns: Readonly<EntryColumnArrays>;
}

/** Names a recorder among all recorders of a cluster. */
export function recorderKey({ runnerId, recorder }: Pick<EntrySource, 'runnerId' | 'recorder'>): string {
  return recorder === '' ? runnerId : `${runnerId}/${recorder}`;
}

const firstCapacity = 256;

/**
 * Collects rows of one batch. `row()` gives a fresh row, none in every column; the caller writes into `columns` at that
 * position. `columns` is another object after a batch has grown, so it is read anew for every row.
 */
export class EntryBatchBuilder {
  columns: EntryColumnArrays;
  rows = 0;
  readonly sources: EntrySource[] = [];
  readonly strings: string[] = [''];
  #capacity: number;
  readonly #sourceOf = new Map<string, number>();
  readonly #stringOf = new Map<string, number>([['', 0]]);

  constructor(capacity = firstCapacity) {
    this.#capacity = Math.max(1, capacity);
    this.columns = makeColumns(this.#capacity);
  }

  /** Position of the recorder in `sources`; added when it is new. */
  source(source: EntrySource): number {
    const key = recorderKey(source);
    const known = this.#sourceOf.get(key);
    if (known !== undefined) return known;
    const at = this.sources.push(source) - 1;
    this.#sourceOf.set(key, at);
    return at;
  }

  /** Position of the text in `strings`; added when it is new. */
  text(text: string | null | undefined): number {
    if (text === null || text === undefined) return 0;
    const known = this.#stringOf.get(text);
    if (known !== undefined) return known;
    const at = this.strings.push(text) - 1;
    this.#stringOf.set(text, at);
    return at;
  }

  row(): number {
    if (this.rows === this.#capacity) this.#grow();
    return this.rows++;
  }

  /** What was collected, without a copy of the columns: the builder must not be used afterwards. */
  build(): EntryBatch {
    const { rows, sources, strings, columns } = this;
    const cut = Object.fromEntries(entryColumnNames.map((name) => [name, columns[name].subarray(0, rows)]));
    return { rows, sources, strings, columns: cut as unknown as EntryColumnArrays };
  }

  #grow(): void {
    const grown = makeColumns(this.#capacity * 2);
    for (const name of entryColumnNames) grown[name].set(this.columns[name]);
    this.columns = grown;
    this.#capacity *= 2;
  }
}

function makeColumns(capacity: number): EntryColumnArrays {
  const made = Object.fromEntries(entryColumnNames.map((name) => [name, emptyColumn(name, capacity)]));
  return made as unknown as EntryColumnArrays;
}

/** The value of a row, or the column's "none" past the end. */
export function valueAt(batch: EntryBatch, column: EntryColumn, row: number): number {
  return batch.columns[column][row] ?? noneOf(column);
}

/** The text of a row in a text column; null for none. */
export function textAt(batch: EntryBatch, column: EntryColumn, row: number): string | null {
  const at = valueAt(batch, column, row);
  return at === 0 ? null : (batch.strings[at] ?? null);
}

/** The columns in which at least one row says something. */
export function saidColumns({ rows, columns }: EntryBatch): EntryColumn[] {
  return entryColumnNames.filter((name) => {
    const column = columns[name];
    const none = noneOf(name);
    for (let row = 0; row < Math.min(rows, column.length); row += 1) if (column[row] !== none) return true;
    return false;
  });
}
