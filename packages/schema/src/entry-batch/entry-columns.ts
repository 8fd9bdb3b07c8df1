/**
 * The columns of an entry batch. A row is one recorder entry; a column holds one of its facts as numbers, so that a
 * million entries are some twenty typed arrays and not twenty million objects.
 *
 * `text` columns hold positions in the batch's `strings`, where 0 is the empty text and means none. In the other
 * columns −1 means none, except `atUs`, which every row has.
 */
export const entryColumns = {
  /** Position in the batch's `sources`: which recorder wrote the row. */
  source: 'u16',
  /** The recorder's number of the entry; −1 where the recorder does not count. */
  seq: 'f64',
  /** Wall clock, microseconds since the Unix epoch. */
  atUs: 'f64',
  phase: 'text',
  event: 'text',
  detail: 'text',
  taskId: 'text',
  commandId: 'text',
  /** From here to `cell`, attributes of the entry under their own names; see `entryAttrs`. */
  op: 'text',
  dtype: 'text',
  group: 'i32',
  barrierSeq: 'f64',
  layer: 'i32',
  waitingOn: 'i32',
  bytes: 'f64',
  evalSeq: 'f64',
  chunkIndex: 'f64',
  chunkTotal: 'f64',
  dropped: 'f64',
  cell: 'i32',
  /** CLOCK_MONOTONIC of the node in nanoseconds, as two halves: a double would lose the last digits after 104 days. */
  monoHigh: 'i32',
  monoLow: 'u32',
  /** JSON object of the attributes that have no column. */
  attrs: 'text',
  /** Bytes, with the time of the snapshot in microseconds since the epoch; −1 none. */
  memoryAtUs: 'f64',
  memoryActive: 'f64',
  memoryCache: 'f64',
  memoryPeak: 'f64',
  memoryWiredLimit: 'f64',
  memorySource: 'text',
} as const;

export type EntryColumn = keyof typeof entryColumns;
export type ColumnType = (typeof entryColumns)[EntryColumn];

const arrays = { u16: Uint16Array, i32: Int32Array, u32: Uint32Array, f64: Float64Array, text: Uint32Array } as const;

type ArrayOf<T extends ColumnType> = InstanceType<(typeof arrays)[T]>;

/** One typed array a column, all of the batch's length. */
export type EntryColumnArrays = { [C in EntryColumn]: ArrayOf<(typeof entryColumns)[C]> };

export const entryColumnNames = Object.keys(entryColumns) as EntryColumn[];

/** What a row has in a column that nothing was said of. */
export function noneOf(column: EntryColumn): number {
  const type = entryColumns[column];
  return type === 'f64' || type === 'i32' ? -1 : 0;
}

export function bytesPerValue(column: EntryColumn): number {
  return arrays[entryColumns[column]].BYTES_PER_ELEMENT;
}

/** A column of `rows` values, all none. */
export function emptyColumn<C extends EntryColumn>(column: C, rows: number): EntryColumnArrays[C] {
  const array = new arrays[entryColumns[column]](rows);
  if (noneOf(column) !== 0) array.fill(noneOf(column));
  return array as EntryColumnArrays[C];
}

/** The column whose values lie in `buffer` from `offset` on. No copy: the buffer must not be written to afterwards. */
export function columnOver<C extends EntryColumn>(
  column: C,
  buffer: ArrayBufferLike,
  offset: number,
  rows: number,
): EntryColumnArrays[C] {
  return new arrays[entryColumns[column]](buffer as ArrayBuffer, offset, rows) as EntryColumnArrays[C];
}
