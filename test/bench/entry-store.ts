// P12: what it costs to keep entries. `node test/bench/entry-store.ts [ROWS]`, ten million by default.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock, createLog } from '@rankscope/daemon';
import type { EntryBatch } from '@rankscope/schema';
import { openDuckDbEntryStore } from '../../apps/plane/src/control/entries/duckdb-entry-store.ts';
import type { EntryQuery, EntryStore } from '../../apps/plane/src/control/entries/entry-store.ts';
import { createEntryLoad, type EntryLoad, runnerCount } from './entry-load.ts';
import type { PacedFigures } from './entry-store-paced.ts';
import { report } from './report.ts';

const rowsWanted = Number(process.argv[2] ?? 10_000_000);
const rounds = 8;
const bulkRows = 131_072;
const lastRows = 2_048;
const liveSeconds = 10;
const liveBatch = { least: 256, most: 1_000 };
const questions = 21;
const rangeRows = 10_000;

const clock = createClock();
const log = createLog({ level: 'warn', wallNs: clock.wallNs });
const dir = mkdtempSync(join(tmpdir(), 'rankscope-bench-'));
const path = join(dir, 'entries.duckdb');
const retention = { bytes: 64 * 2 ** 30, ms: 365 * 24 * 3_600_000 };
const everything: EntryQuery = {
  sinceUs: null,
  untilUs: null,
  nodeId: null,
  instanceId: null,
  runnerIds: null,
  taskId: null,
  commandId: null,
  limitPerRunner: 1_000_000,
};

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/**
 * Appends with so many on the way as may wait in the store. Ends when the rows are on disk and the store has done what it
 * does after a commit: it takes one thing at a time, so the last rows, which are few but enough not to be waited for,
 * come behind that.
 */
async function timed(store: EntryStore, batches: readonly EntryBatch[], last: EntryBatch) {
  const append = (batch: EntryBatch) => store.append({ nodeId: 'node-0', batch, cursor: '', diagnostics: null });
  const left = [...batches];
  const send = async () => {
    for (let batch = left.shift(); batch !== undefined; batch = left.shift()) await append(batch);
  };
  const startedCpu = cpuSeconds();
  const started = performance.now();
  await Promise.all([send(), send(), send()]);
  await append(last);
  return { seconds: (performance.now() - started) / 1_000, cpu: cpuSeconds() - startedCpu };
}

/** The rows of a round are made while nothing is timed. */
async function fill(store: EntryStore) {
  const rates: number[] = [];
  const cpuPerMillion: number[] = [];
  const perRound = Math.floor(rowsWanted / rounds);
  const all = Array.from({ length: runnerCount }, (_, runner) => runner);
  for (let round = 0; round < rounds; round += 1) {
    const batches = Array.from({ length: Math.floor((perRound - lastRows) / bulkRows) }, () =>
      load.next(all, bulkRows),
    );
    const last = load.next(all, perRound - batches.length * bulkRows);
    const { seconds, cpu } = await timed(store, batches, last);
    rates.push(perRound / seconds);
    cpuPerMillion.push((cpu / perRound) * 1e6);
  }
  return { rates, cpuPerMillion };
}

/** Each node sends its next batch when its last one is on disk. */
async function live(store: EntryStore) {
  const rates: number[] = [];
  for (let second = 0; second < liveSeconds; second += 1) {
    const started = performance.now();
    let rows = 0;
    const send = async (runner: number) => {
      while (performance.now() - started < 1_000) {
        const size = liveBatch.least + Math.floor(Math.random() * (liveBatch.most - liveBatch.least));
        const batch = load.next([runner], size);
        await store.append({ nodeId: load.nodeOf(runner), batch, cursor: `${rows}`, diagnostics: null });
        rows += size;
      }
    };
    await Promise.all(Array.from({ length: runnerCount }, (_, runner) => send(runner)));
    rates.push(rows / ((performance.now() - started) / 1_000));
  }
  return rates;
}

async function ask(store: EntryStore, make: (nth: number) => EntryQuery) {
  const ms: number[] = [];
  let rows = 0;
  for (let nth = 0; nth < questions; nth += 1) {
    const query = make(nth);
    const started = performance.now();
    const { batch } = await store.query(query);
    ms.push(performance.now() - started);
    rows += batch.rows;
  }
  return { ms, meanRows: Math.round(rows / questions) };
}

function paced(): Promise<PacedFigures> {
  return new Promise((done, fail) => {
    const child = fork(new URL('./entry-store-paced.ts', import.meta.url), [path], { execArgv: [] });
    child.once('message', (figures) => done(figures as PacedFigures));
    child.once('exit', (code) => fail(new Error(`the paced run ended with ${code} and without figures`)));
  });
}

/** From oldest to newest, spread over what is held. */
function rangeAt(nth: number, oldestUs: number, { newestUs }: EntryLoad): EntryQuery {
  const rowsPerUs = Math.max(1, (rowsWanted * 1.0) / (newestUs(0) - oldestUs));
  const lengthUs = (rangeRows / rowsWanted) * (newestUs(0) - oldestUs);
  const sinceUs = Math.floor(oldestUs + ((newestUs(0) - oldestUs - lengthUs) * nth) / questions);
  return { ...everything, sinceUs, untilUs: Math.floor(sinceUs + lengthUs * Math.min(1, rowsPerUs)) };
}

const load = createEntryLoad();
try {
  const store = openDuckDbEntryStore({ path, retention, wallNs: clock.wallNs, log });
  const bulk = await fill(store);
  await store.close();
  const bytesPerEntry = statSync(path).size / (Math.floor(rowsWanted / rounds) * rounds);

  const opening = performance.now();
  const again = openDuckDbEntryStore({ path, retention, wallNs: clock.wallNs, log });
  const { oldestUs, rows } = await again.facts();
  const openMs = performance.now() - opening;
  const range = await ask(again, (nth) => rangeAt(nth, oldestUs ?? 0, load));
  const newest = await ask(again, () => ({ ...everything, limitPerRunner: 1_024 }));
  const task = await ask(again, (nth) => ({
    ...everything,
    taskId: `6a4ff0f2-9f0d-4b8e-9a43-${String(nth).padStart(12, '0')}`,
    limitPerRunner: 1_024,
  }));
  const liveRates = await live(again);
  await again.close();
  const atPace = await paced();

  report('P12 entries kept', `${rows} entries of ${runnerCount} runners, ${rounds} rounds; see each line`, [
    { name: `bulk, batches of ${bulkRows}`, unit: 'rows/s', samples: bulk.rates, goal: 1e6, better: 'higher' },
    { name: 'bulk, CPU of a million rows', unit: 's', samples: bulk.cpuPerMillion, goal: 1, better: 'lower' },
    {
      name: 'live, 16 nodes, batches of 256 to 1,000',
      unit: 'rows/s',
      samples: liveRates,
      goal: 1e5,
      better: 'higher',
    },
    { name: `a range of ${range.meanRows} rows`, unit: 'ms', samples: range.ms, goal: 100, better: 'lower' },
    {
      name: `newest 1,024 of each runner, ${newest.meanRows} rows`,
      unit: 'ms',
      samples: newest.ms,
      goal: 100,
      better: 'lower',
    },
    { name: `newest of a task, ${task.meanRows} rows`, unit: 'ms', samples: task.ms, goal: 100, better: 'lower' },
    { name: 'disk', unit: 'B/entry', samples: [bytesPerEntry], goal: 40, better: 'lower' },
    { name: 'open until it answers', unit: 'ms', samples: [openMs], goal: 1_000, better: 'lower' },
    {
      name: '32,000 rows/s: append to disk, p99 of a second',
      unit: 'ms',
      samples: atPace.p99Ms,
      goal: 250,
      better: 'lower',
    },
    { name: '32,000 rows/s: whole process', unit: '% core', samples: atPace.cpuPercent, goal: 50, better: 'lower' },
    { name: '32,000 rows/s: resident memory', unit: 'MB', samples: atPace.residentMb, goal: 300, better: 'lower' },
    {
      name: '32,000 rows/s: longest the event loop waited',
      unit: 'ms',
      samples: atPace.loopMs,
      goal: 50,
      better: 'lower',
    },
    {
      name: 'at rest before, stores open: resident memory',
      unit: 'MB',
      samples: [atPace.restMb],
      goal: 200,
      better: 'lower',
    },
  ]);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
