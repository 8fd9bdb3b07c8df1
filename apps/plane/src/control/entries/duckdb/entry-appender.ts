import { BIGINT, type DuckDBAppender, DuckDBDataChunk, UBIGINT, UINTEGER, USMALLINT } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { Session } from './session.ts';
import { entryColumnsOfTable } from './tables.ts';

/** DuckDB's own size of a chunk. */
const chunkRows = 2048;

const kinds = {
  USMALLINT: { type: USMALLINT, bytes: 2 },
  UINTEGER: { type: UINTEGER, bytes: 4 },
  BIGINT: { type: BIGINT, bytes: 8 },
  UBIGINT: { type: UBIGINT, bytes: 8 },
} as const;

const words = () => new Uint32Array(chunkRows);
/** 64-bit numbers as pairs of halves, low first: a BigInt for every row would be garbage for every row. */
const halves = () => new Uint32Array(2 * chunkRows);

/**
 * Rows on their way into an hour's table, column by column. A caller asks for `room()`, writes so many rows or fewer into
 * the columns from `at` on, and says how many by `advance()`. A full chunk goes to DuckDB.
 */
export class EntryAppender {
  readonly source = new Uint16Array(chunkRows);
  readonly seq = halves();
  readonly atUs = halves();
  readonly shape = words();
  readonly job = words();
  readonly detail = words();
  readonly barrier = words();
  readonly eval = words();
  readonly mono = halves();
  readonly extra = words();
  #rows = 0;
  #appender: DuckDBAppender | null = null;
  readonly #chunk = DuckDBDataChunk.create(entryColumnsOfTable.map(([, kind]) => kinds[kind].type));
  /** In the order of the table. */
  readonly #columns = [
    this.source,
    this.seq,
    this.atUs,
    this.shape,
    this.job,
    this.detail,
    this.barrier,
    this.eval,
    this.mono,
    this.extra,
  ];

  async begin(session: Session, hour: number): Promise<void> {
    this.#rows = 0;
    this.#appender = await session.createAppender(`entries_${hour}`);
  }

  get at(): number {
    return this.#rows;
  }

  room(): number {
    if (this.#rows === chunkRows) this.#flush();
    return chunkRows - this.#rows;
  }

  advance(rows: number): void {
    this.#rows += rows;
  }

  /** Afterwards the transaction sees the rows in the table. */
  flush(): void {
    if (this.#rows > 0) this.#flush();
    this.#appender?.flushSync();
  }

  end(): void {
    if (this.#rows > 0) this.#flush();
    this.#appender?.closeSync();
    this.#appender = null;
  }

  #flush(): void {
    const { chunk } = this.#chunk;
    duckdb.data_chunk_reset(chunk);
    duckdb.data_chunk_set_size(chunk, this.#rows);
    for (const [at, [, kind]] of entryColumnsOfTable.entries()) {
      const buffer = this.#columns[at]?.buffer;
      const vector = duckdb.data_chunk_get_vector(chunk, at);
      if (buffer) duckdb.copy_data_to_vector(vector, 0, buffer, 0, this.#rows * kinds[kind].bytes);
    }
    this.#appender?.appendDataChunk(this.#chunk);
    this.#rows = 0;
  }
}
