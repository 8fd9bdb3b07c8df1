import type { EntryBatch, EntrySource } from '@rankscope/schema';
// Not the package's front door: a store's thread needs the columns and not zod, which is 20 MB of memory.
import {
  bytesPerValue,
  columnOver,
  type EntryColumn,
  type EntryColumnArrays,
  emptyColumn,
  entryColumnNames,
  noneOf,
} from '@rankscope/schema/entry-columns';

/**
 * A batch that crosses to another thread: its columns lie in buffers that are handed over, not copied. Columns in which
 * no row says anything are left out.
 */
export interface PackedBatch {
  readonly rows: number;
  readonly sources: readonly EntrySource[];
  readonly strings: readonly string[];
  readonly columns: readonly PackedColumn[];
}

export interface PackedColumn {
  readonly name: EntryColumn;
  readonly buffer: ArrayBuffer;
  readonly offset: number;
}

const align = (offset: number) => Math.ceil(offset / 8) * 8;

/** Copies the columns, once, because the batch stays its owner's. */
export function packBatch({ rows, sources, strings, columns }: EntryBatch): PackedBatch {
  const kept = entryColumnNames.filter((name) => saysSomething(columns[name], noneOf(name)));
  const bytes = kept.reduce((sum, name) => sum + align(rows * bytesPerValue(name)), 0);
  const buffer = new ArrayBuffer(bytes);
  let offset = 0;
  const packed = kept.map((name) => {
    const column = { name, buffer, offset };
    columnOver(name, buffer, offset, rows).set(columns[name]);
    offset += align(rows * bytesPerValue(name));
    return column;
  });
  return { rows, sources, strings, columns: packed };
}

/** A loop by hand: over the columns that say nothing it runs to their ends, for every batch. */
function saysSomething(column: EntryColumnArrays[EntryColumn], none: number): boolean {
  for (let row = 0; row < column.length; row += 1) if (column[row] !== none) return true;
  return false;
}

/** The batch over the same memory. `makeColumn` makes the columns that were left out. */
export function unpackBatch(packed: PackedBatch, makeColumn: typeof emptyColumn = emptyColumn): EntryBatch {
  const { rows, sources, strings } = packed;
  const found = new Map(packed.columns.map((column) => [column.name, column]));
  const columnOf = (name: EntryColumn) => {
    const column = found.get(name);
    return column ? columnOver(name, column.buffer, column.offset, rows) : makeColumn(name, rows);
  };
  const columns = Object.fromEntries(
    entryColumnNames.map((name) => [name, columnOf(name)]),
  ) as unknown as EntryColumnArrays;
  return { rows, sources, strings, columns };
}

/** What has to be named when the batch is posted, so that its memory moves over. */
export function buffersOf({ columns }: PackedBatch): ArrayBuffer[] {
  return [...new Set(columns.map(({ buffer }) => buffer))];
}

/** Roughly what a batch takes while it waits, in bytes. */
export function packedBytes(packed: PackedBatch): number {
  const buffers = buffersOf(packed).reduce((sum, buffer) => sum + buffer.byteLength, 0);
  const bytesPerString = 40;
  return packed.strings.reduce((sum, text) => sum + text.length + bytesPerString, buffers);
}
