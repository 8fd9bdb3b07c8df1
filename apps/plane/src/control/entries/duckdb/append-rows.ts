import {
  DOUBLE,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  UINTEGER,
  USMALLINT,
  VARCHAR,
} from '@duckdb/node-api';
import type { Session } from './session.ts';

const types = { double: DOUBLE, int: INTEGER, uint: UINTEGER, ushort: USMALLINT, text: VARCHAR } as const;
export type CellType = keyof typeof types;

/** DuckDB's own size of a chunk. */
const chunkRows = 2048;

/** Adds rows to a small table within the session's transaction. Nothing is done where there are none. */
export async function appendRows(
  session: Session,
  table: string,
  cellTypes: readonly CellType[],
  rows: readonly (readonly DuckDBValue[])[],
): Promise<void> {
  if (rows.length === 0) return;
  const columnTypes: DuckDBType[] = cellTypes.map((type) => types[type]);
  const appender = await session.createAppender(table);
  for (let from = 0; from < rows.length; from += chunkRows) {
    const part = rows.slice(from, from + chunkRows);
    const chunk = DuckDBDataChunk.create(columnTypes, part.length);
    chunk.setRows(part);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
