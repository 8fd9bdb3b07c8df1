import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as after } from 'node:timers/promises';
import { NodeDiagnostics } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { type OpenStore, openStore } from '../../apps/plane/src/control/entries/duckdb/open-store.ts';
import { randomFrom } from '../support/kill-moments.ts';

// A store is killed at random moments, twelve times one after another on the same file, and looked at after each: the
// rows of each recorder end where its node's cursor says, none is missing before, none is there twice.

const kills = 12;
const startDeadlineMs = 30_000;
/** From the first row on disk to the kill, at most; a checkpoint comes about every second. */
const mostAliveMs = 1_500;
const openDeadlineMs = 10_000;
/** Rows of a recorder after which the oldest must have gone, where hours fly: fifty hours of six that are kept. */
const droppedBehind = 200_000 / 3;
const writer = join(import.meta.dirname, 'entry-store-writer.ts');
const seed = Number(process.env.RANKSCOPE_TEST_SEED ?? Date.now() % 2 ** 32);

/** Kills a writer and gives the last cursors that it said were on disk. */
async function killOnce(path: string, pace: string, aliveMs: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [writer, path, pace], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const said = new Map<string, number>();
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const [nodeId = '', cursor] = line.split(' ');
    said.set(nodeId, Number(cursor));
  });
  await once(lines, 'line', { signal: AbortSignal.timeout(startDeadlineMs) });
  await after(aliveMs); // not a wait for something: the moment of the kill is what the test varies
  child.kill('SIGKILL');
  expect((await exited)[1], 'the writer ended before it was killed').toBe('SIGKILL');
  return said;
}

/** Opens a copy, so that the next writer finds the file as the dead one left it. */
async function inspect<T>(path: string, look: (store: OpenStore) => Promise<T>): Promise<{ found: T; openMs: number }> {
  const copy = `${path}.copy.duckdb`;
  copyFileSync(path, copy);
  if (existsSync(`${path}.wal`)) copyFileSync(`${path}.wal`, `${copy}.wal`);
  const started = performance.now();
  const store = await openStore(copy, { nowMs: Date.now() });
  const openMs = performance.now() - started;
  try {
    expect(store.notice).toBeNull();
    return { found: await look(store), openMs };
  } finally {
    store.database.close();
    for (const end of ['', '.wal']) rmSync(`${copy}${end}`, { force: true });
  }
}

interface Held {
  readonly runnerId: string;
  readonly rows: number;
  readonly numbers: number;
  readonly first: number;
  readonly last: number;
}

async function heldRows({ database, book }: OpenStore): Promise<Held[]> {
  const tables = book.hours.map(({ id }) => `SELECT source, seq FROM entries_${id}`).join(' UNION ALL ');
  const answer = await database.reader.rows(
    `SELECT runner_id, count(*)::INTEGER, count(DISTINCT seq)::INTEGER, min(seq)::INTEGER, max(seq)::INTEGER
     FROM (${tables}) e JOIN sources s ON s.id = e.source GROUP BY runner_id`,
  );
  return answer.map(([runnerId, rows, numbers, first, last]) => ({
    runnerId: String(runnerId),
    rows: Number(rows),
    numbers: Number(numbers),
    first: Number(first),
    last: Number(last),
  }));
}

async function checkAgreement(store: OpenStore, said: ReadonlyMap<string, number>, keepsAll: boolean): Promise<number> {
  const { book } = store;
  const held = await heldRows(store);
  for (const [nodeId, { cursor, diagnostics }] of book.heard) {
    const words = NodeDiagnostics.parse(JSON.parse(diagnostics ?? 'null'));
    expect(words.supervisorRunners[0]?.statusKind, 'the last words are those of the cursor').toBe(cursor);
    expect(Number(cursor), 'what was said to be on disk is there').toBeGreaterThanOrEqual(said.get(nodeId) ?? 0);
    const ofNode = held.filter(({ runnerId }) => runnerId.startsWith(nodeId));
    expect(ofNode).toHaveLength(2);
    for (const { rows, numbers, first, last } of ofNode) {
      expect(last, 'rows end where the cursor says').toBe(Number(cursor) - 1);
      expect(numbers, 'no row twice').toBe(rows);
      expect(rows, 'no row is missing').toBe(last - first + 1);
      if (keepsAll) expect(first).toBe(0);
      else if (last > droppedBehind) expect(first, 'the oldest rows were dropped').toBeGreaterThan(0);
    }
  }
  expect(book.rows, 'the book counts as the tables do').toBe(held.reduce((sum, { rows }) => sum + rows, 0));
  return book.rows;
}

test('a process that ends while its store is at work ends with its own code', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-store-'));
  const ends = 16;
  try {
    for (let end = 0; end < ends; end += 1) {
      const args = [writer, join(dir, 'entries.duckdb'), 'exit'];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
      const [code, signal] = await once(child, 'exit', { signal: AbortSignal.timeout(startDeadlineMs) });
      expect([code, signal]).toEqual([7, null]);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test.for(['steady', 'hours'])('rows and cursors agree after SIGKILL at any moment, writing %s', async (pace) => {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-store-'));
  const path = join(dir, 'entries.duckdb');
  const random = randomFrom(seed);
  const opened: number[] = [];
  let rows = 0;
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const said = await killOnce(path, pace, random() * mostAliveMs);
      const { found, openMs } = await inspect(path, (store) => checkAgreement(store, said, pace === 'steady'));
      opened.push(openMs);
      rows = found;
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
  const sorted = opened.toSorted((a, b) => a - b).map(Math.round);
  console.log(
    `${pace}: ${kills} kills, ${rows} rows at the end, opened in ${sorted.join(' ')} ms; RANKSCOPE_TEST_SEED=${seed}`,
  );
  expect(Math.max(...opened)).toBeLessThan(openDeadlineMs);
});
