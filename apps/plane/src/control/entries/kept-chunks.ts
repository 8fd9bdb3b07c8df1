import { type EntryBatch, EntryBatchBuilder, emptyColumn, entryColumnNames, saidColumns } from '@rankscope/schema';

/** Rows of a chunk: small enough to be let go of one by one, large enough that its thirty arrays do not count. */
const chunkRows = 8_192;

/** Rows in the order in which they came, in chunks; the oldest chunk is let go of when there are too many. */
export class KeptChunks {
  readonly #maxRows: number;
  readonly #sealed: EntryBatch[] = [];
  #open = new EntryBatchBuilder(chunkRows);
  #sealedRows = 0;

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  get rows(): number {
    return this.#sealedRows + this.#open.rows;
  }

  /** Takes the next row; it may be another one for the row after that. */
  builder(): EntryBatchBuilder {
    if (this.#open.rows >= chunkRows) this.#seal();
    return this.#open;
  }

  /** Oldest first. Valid until the next row is added. */
  chunks(): EntryBatch[] {
    const { rows, sources, strings, columns } = this.#open;
    return [...this.#sealed, { rows, sources, strings, columns }];
  }

  #seal(): void {
    const batch = this.#open.build();
    const said = new Set(saidColumns(batch));
    // A column in which nothing is said reads as "none" also when it is not there.
    const columns = Object.fromEntries(
      entryColumnNames.map((name) => [name, said.has(name) ? batch.columns[name] : emptyColumn(name, 0)]),
    );
    this.#sealed.push({ ...batch, columns: { ...batch.columns, ...columns } });
    this.#sealedRows += batch.rows;
    this.#open = new EntryBatchBuilder(chunkRows);
    for (let oldest = this.#sealed[0]; oldest && this.#sealedRows > this.#maxRows; oldest = this.#sealed[0]) {
      this.#sealed.shift();
      this.#sealedRows -= oldest.rows;
    }
  }
}
