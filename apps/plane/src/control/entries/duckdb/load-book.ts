import type { EntrySource } from '@rankscope/schema';
import { Book, type Heard, type NextIds } from './book.ts';
import { readUncounted } from './read-uncounted.ts';
import { createRowPrinter, rememberedPrints } from './row-print.ts';
import type { Session } from './session.ts';
import type { Stretch } from './stretch.ts';
import { firstText } from './tables.ts';

/** Reads what the writer has to know of a file. Bounded by blocks and recorders, not by rows. */
export async function loadBook(session: Session, blockRows: number): Promise<Book> {
  const stretches = await readStretches(session);
  const hours = (await session.rows('SELECT id, began_ms FROM hours ORDER BY id')).map(([id, beganMs]) => ({
    id: Number(id),
    beganMs: Number(beganMs),
    rows: 0,
  }));
  const hourOf = new Map(hours.map((hour) => [hour.id, hour]));
  for (const { hour, rows } of stretches) {
    const known = hourOf.get(hour);
    if (known !== undefined) known.rows += rows;
  }
  const heardGeneration = await readGeneration(session);
  const last = hours.at(-1) ?? null;
  const book = new Book({
    blockRows,
    hours,
    stretches,
    heardGeneration,
    sources: await readSources(session),
    heard: await readHeard(session, heardGeneration),
    nextIds: last === null ? { shape: 1, job: 1, text: firstText } : await readNextIds(session, last.id),
  });
  if (last !== null) await readOpenBlock(session, book, last.id, last.rows);
  await readPrints(session, book);
  book.publish();
  return book;
}

async function readStretches(session: Session): Promise<Stretch[]> {
  const rows = await session.rows('SELECT hour, source, first_seq, last_seq, n, min_us, max_us FROM stretches');
  return rows.map((row) => {
    const [hour = 0, source = 0, firstSeq = 0, lastSeq = 0, n = 0, minUs = 0, maxUs = 0] = row.map(Number);
    return { hour, source, firstSeq, lastSeq, rows: n, minUs, maxUs };
  });
}

async function readSources(session: Session): Promise<Map<number, EntrySource>> {
  const rows = await session.rows(
    `SELECT id, node_id, runner_id, instance_id, model_id, device_rank, world_size, attempt, recorder FROM sources`,
  );
  return new Map(
    rows.map(([id, nodeId, runnerId, instanceId, modelId, deviceRank, worldSize, attempt, recorder]) => [
      Number(id),
      {
        nodeId: String(nodeId),
        runnerId: String(runnerId),
        instanceId: String(instanceId),
        modelId: String(modelId),
        deviceRank: Number(deviceRank),
        worldSize: Number(worldSize),
        attempt: Number(attempt),
        recorder: String(recorder),
      },
    ]),
  );
}

async function readGeneration(session: Session): Promise<number> {
  const rows = await session.rows("SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'heard_')");
  return Math.max(...rows.map(([name]) => Number(String(name).slice('heard_'.length))));
}

async function readHeard(session: Session, generation: number): Promise<Map<string, Heard>> {
  const rows =
    await session.rows(`SELECT node_id, arg_max(cursor, rowid), arg_max(diagnostics, rowid) FROM heard_${generation}
     GROUP BY node_id ORDER BY max(rowid)`);
  return new Map(
    rows.map(([nodeId, cursor, diagnostics = null]) => [
      String(nodeId),
      { cursor: String(cursor), diagnostics: diagnostics === null ? null : String(diagnostics) },
    ]),
  );
}

async function readNextIds(session: Session, hour: number): Promise<NextIds> {
  const next = async (table: string, first: number) => {
    const [row] = await session.rows(`SELECT max(id) FROM ${table}_${hour}`);
    const highest = row?.[0] ?? null;
    return highest === null ? first : Number(highest) + 1;
  };
  return { shape: await next('shapes', 1), job: await next('jobs', 1), text: await next('texts', firstText) };
}

/** Rows behind the last block: they were written one by one, and their block was not full yet. */
async function readOpenBlock(session: Session, book: Book, hour: number, from: number): Promise<void> {
  const chunks = await session.chunks(
    `SELECT source, seq::DOUBLE, at_us::DOUBLE FROM entries_${hour} WHERE rowid >= ${from} ORDER BY rowid`,
  );
  for (const chunk of chunks) {
    for (const [source, seq, us] of chunk.getRows()) book.take(book.recorder(Number(source)), Number(seq), Number(us));
    book.closeFullBlock();
  }
}

async function readPrints(session: Session, book: Book): Promise<void> {
  for await (const batch of readUncounted(session, book, rememberedPrints)) {
    const print = createRowPrinter(batch);
    for (let row = 0; row < batch.rows; row += 1) book.prints.add(print(row));
  }
}
