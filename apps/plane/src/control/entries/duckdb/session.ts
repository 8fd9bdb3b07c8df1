import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import type { Gate } from './gate.ts';

/** A connection whose calls all pass the gate. */
export interface Session {
  run(sql: string): Promise<void>;
  rows(sql: string, values?: DuckDBValue[]): Promise<DuckDBValue[][]>;
  chunks(sql: string): Promise<DuckDBDataChunk[]>;
  createAppender(table: string): Promise<DuckDBAppender>;
  /** Ends what runs, with an error. */
  interrupt(): void;
  close(): void;
}

export async function openSession(instance: DuckDBInstance, gate: Gate): Promise<Session> {
  const connection: DuckDBConnection = await gate.through(() => instance.connect());
  const chunks = (sql: string, values?: DuckDBValue[]) =>
    gate.through(async () => (await connection.run(sql, values)).fetchAllChunks());
  return {
    async run(sql) {
      await gate.through(() => connection.run(sql));
    },
    rows: async (sql, values) => (await chunks(sql, values)).flatMap((chunk) => chunk.getRows()),
    chunks,
    createAppender: (table) => gate.through(() => connection.createAppender(table)),
    interrupt: () => connection.interrupt(),
    close: () => connection.closeSync(),
  };
}
