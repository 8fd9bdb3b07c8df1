import duckdb from '@duckdb/node-bindings';
import type { Session } from './session.ts';

/** Rows of `entries_N` as they lie there, with the hour they are of. 64-bit numbers are pairs of halves, low first. */
export interface RawRows {
  readonly rows: number;
  readonly hour: Int32Array;
  readonly source: Uint16Array;
  readonly seq: Int32Array;
  readonly atUs: Int32Array;
  readonly shape: Uint32Array;
  readonly job: Uint32Array;
  readonly detail: Uint32Array;
  readonly barrier: Uint32Array;
  readonly eval: Uint32Array;
  readonly mono: Uint32Array;
  readonly extra: Uint32Array;
  /** 1 the newest of its runner. */
  readonly rank: Uint32Array;
}

/** What a statement has to select, in this order, to be read here. `from` brings `hour` and `rank` beside the columns. */
export const rawColumns =
  'hour::INTEGER, source, seq, at_us, shape, job, detail, barrier, eval, mono, extra, rank::UINTEGER';

const widths = {
  hour: 4,
  source: 2,
  seq: 8,
  atUs: 8,
  shape: 4,
  job: 4,
  detail: 4,
  barrier: 4,
  eval: 4,
  mono: 8,
  extra: 4,
  rank: 4,
};

/** Runs a statement over {@link rawColumns}. Columns are copied as they are: no object is made for a row. */
export async function readRawRows(session: Session, sql: string): Promise<RawRows> {
  const chunks = await session.chunks(sql);
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0);
  const bytes = Object.values(widths).map((width) => new Uint8Array(rows * width));
  let from = 0;
  for (const chunk of chunks) {
    const count = chunk.rowCount;
    for (const [at, width] of Object.values(widths).entries()) {
      const vector = duckdb.data_chunk_get_vector(chunk.chunk, at);
      bytes[at]?.set(duckdb.vector_get_data(vector, count * width), from * width);
    }
    from += count;
  }
  const buffer = (name: keyof typeof widths) => bytes[Object.keys(widths).indexOf(name)]?.buffer ?? new ArrayBuffer(0);
  return {
    rows,
    hour: new Int32Array(buffer('hour')),
    source: new Uint16Array(buffer('source')),
    seq: new Int32Array(buffer('seq')),
    atUs: new Int32Array(buffer('atUs')),
    shape: new Uint32Array(buffer('shape')),
    job: new Uint32Array(buffer('job')),
    detail: new Uint32Array(buffer('detail')),
    barrier: new Uint32Array(buffer('barrier')),
    eval: new Uint32Array(buffer('eval')),
    mono: new Uint32Array(buffer('mono')),
    extra: new Uint32Array(buffer('extra')),
    rank: new Uint32Array(buffer('rank')),
  };
}
