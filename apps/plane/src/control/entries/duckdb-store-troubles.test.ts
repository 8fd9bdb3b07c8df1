import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { createLog } from '@rankscope/daemon';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDuckDbEntryStore } from './duckdb-entry-store.ts';
import { type EntryStore, StoreQuestionError, StoreUnavailableError } from './entry-store.ts';
import { batchOf, entriesOf, everything, numbersOf, recorder, run, tailed } from './stored-entries.contract.ts';

let dir: string;
let path: string;
let lines: string[];
let opened: EntryStore[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-store-'));
  path = join(dir, 'entries.duckdb');
  lines = [];
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((store) => store.close()));
  rmSync(dir, { recursive: true });
});

const open = (bytes = 2 ** 30) => {
  const store = openDuckDbEntryStore({
    path,
    retention: { bytes, ms: 24 * 3_600_000 },
    wallNs: () => BigInt(Date.now()) * 1_000_000n,
    log: createLog({ level: 'info', wallNs: () => 0n, write: (line) => void lines.push(line) }),
  });
  opened.push(store);
  return store;
};
const first = recorder('runner-1');
const keep = (store: EntryStore, from: number, to: number) =>
  store.append(tailed(batchOf([first, run(from, to)]), { cursor: String(to + 1) }));
const aside = () => readdirSync(dir).filter((name) => name.includes('set-aside') && name.endsWith('.duckdb'));

/** A file as a store leaves it, with ten rows. */
async function leaveFile(): Promise<void> {
  const store = open();
  await keep(store, 0, 9);
  await store.close();
}

async function runSql(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

const unusable: readonly [string, RegExp, () => Promise<void> | void][] = [
  ['is no database', /not a valid DuckDB/, () => writeFileSync(path, 'something else entirely\n'.repeat(500))],
  ['is empty', /is empty/, () => writeFileSync(path, '')],
  ['is a database of somebody else', /not a store of entries/, () => runSql('CREATE TABLE accounts (id INTEGER)')],
  [
    'was written by a newer Rankscope',
    /version 999, this Rankscope reads version 2/,
    async () => {
      await leaveFile();
      await runSql('UPDATE rankscope_entries SET version = 999');
    },
  ],
  [
    'was cut short',
    /could not be used/i,
    async () => {
      await leaveFile();
      truncateSync(path, 20_000);
    },
  ],
  [
    'lost a table',
    /sources/,
    async () => {
      await leaveFile();
      await runSql('DROP TABLE sources');
    },
  ],
];

test.for(unusable)('a file that %s is put aside whole, and the store goes on', async ([, reason, make]) => {
  await make();
  const before = readFileSync(path);
  const store = open();
  await keep(store, 5, 6);
  const { problem, rows } = await store.facts();
  expect(rows).toBe(2);
  expect(problem).toMatch(reason);
  expect(problem).toMatch(/is kept as .*set-aside/);
  expect(lines.join('')).toMatch(/warn .*set-aside/);
  expect(aside()).toHaveLength(1);
  expect(readFileSync(join(dir, aside()[0] ?? '')).equals(before)).toBe(true);
});

test('a file that another process holds is waited for, and nothing is said to be kept meanwhile', async () => {
  await leaveFile();
  const script = `
    const { DuckDBInstance } = await import('@duckdb/node-api');
    globalThis.held = await DuckDBInstance.create(process.argv[1]);
    console.log('held');
    setInterval(() => undefined, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script, path], { cwd: import.meta.dirname });
  await once(holder.stdout, 'data', { signal: AbortSignal.timeout(10_000) });
  try {
    const store = open();
    await expect.poll(async () => (await store.facts()).problem, { timeout: 10_000 }).toMatch(/lock/i);
    await expect(keep(store, 10, 19)).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(store.query(everything)).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(store.cursorOf('node-a')).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await store.facts()).toMatchObject({ lostRows: 10 });
    holder.kill('SIGKILL');
    const retry = () => keep(store, 10, 19).then(() => 'kept', String);
    await expect.poll(retry, { timeout: 15_000, interval: 200 }).toBe('kept');
    expect(numbersOf((await store.query(everything)).batch)).toHaveLength(20);
    expect((await store.facts()).problem).toBeNull();
    expect(aside()).toEqual([]);
  } finally {
    holder.kill('SIGKILL');
  }
});

test('where nothing can be written the store says so and the plane goes on', async () => {
  path = join(dir, 'no', 'such', 'directory', 'entries.duckdb');
  const store = open();
  await expect(keep(store, 0, 0)).rejects.toThrow(/cannot open file/i);
  expect((await store.facts()).problem).toMatch(/cannot open file/i);
});

test('a few entries may have megabytes of text, and a question for too many of them says what helps', async () => {
  const store = open();
  const texts = Array.from({ length: 9 }, () => randomBytes(2 ** 21).toString('hex'));
  await store.append(tailed(batchOf([first, texts.map((detail, seq) => ({ seq, us: seq, detail }))])));
  const newest = await store.query({ ...everything, limitPerRunner: 2 });
  expect(entriesOf(newest.batch).map(({ detail }) => detail === texts[7] || detail === texts[8])).toEqual([true, true]);
  const refusal = await store.query(everything).then(
    () => null,
    (error: unknown) => error,
  );
  expect(refusal).toBeInstanceOf(StoreQuestionError);
  expect(String(refusal)).toMatch(/more than 33554432 characters: ask for a shorter time/);
  await keep(store, 20, 24);
  expect((await store.facts()).rows).toBe(14);
}, 60_000);

test('rows of a recorder whose name is absurd are refused and counted, and absurd words are cut', async () => {
  const store = open();
  await store.append(tailed(batchOf([recorder('x'.repeat(2_000)), run(0, 4)], [first, run(0, 1)])));
  expect(await store.facts()).toMatchObject({ rows: 2, lostRows: 5 });
  await store.append(
    tailed(batchOf([first, [{ seq: 2, us: 20, phase: 'p'.repeat(5_000), taskId: 't'.repeat(5_000) }]])),
  );
  const [entry] = entriesOf((await store.query({ ...everything, limitPerRunner: 1 })).batch);
  expect(entry).toMatchObject({ phase: `${'p'.repeat(1_023)}…`, taskId: `${'t'.repeat(1_023)}…` });
});

test('the file stays below its limit, the oldest rows go first and never most of them, and the cursor stays', async () => {
  const limit = 32 * 2 ** 20;
  const store = open(limit);
  const rows = 1_500;
  let next = 0;
  let fewest = Number.POSITIVE_INFINITY;
  let largest = 0;
  // Rows of a kilobyte that cannot be made smaller: three times as much as there may be.
  for (let turn = 0; turn < 60; turn += 1) {
    const long = run(next, next + rows - 1).map((one) => ({ ...one, detail: randomBytes(1_024).toString('base64') }));
    next += rows;
    await store.append(tailed(batchOf([first, long]), { cursor: String(next) }));
    const facts = await store.facts();
    if (facts.rows < next) fewest = Math.min(fewest, facts.rows);
    largest = Math.max(largest, facts.diskBytes);
  }
  expect(largest).toBeLessThan(limit);
  expect(fewest, 'rows have gone').toBeLessThan(next);
  expect(fewest, 'half of what there may be is always there').toBeGreaterThan(limit / 2 / 1_400);
  expect((await store.facts()).lostRows).toBe(0);
  const newest = await store.query({ ...everything, limitPerRunner: 5 });
  expect(numbersOf(newest.batch)).toEqual([5, 4, 3, 2, 1].map((n) => `runner-1 ${next - n}`));
  expect(await store.cursorOf('node-a')).toBe(String(next));
}, 120_000);
