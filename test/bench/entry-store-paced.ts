// The second half of entry-store.ts, in a process that holds nothing but the store and a slow source of entries.
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { createClock, createLog } from '@rankscope/daemon';
import { openDuckDbEntryStore } from '../../apps/plane/src/control/entries/duckdb-entry-store.ts';
import { createEntryLoad, runnerCount } from './entry-load.ts';

export interface PacedFigures {
  readonly p99Ms: readonly number[];
  readonly cpuPercent: readonly number[];
  readonly residentMb: readonly number[];
  readonly loopMs: readonly number[];
  readonly restMb: number;
}

const [, , path = ''] = process.argv;
const seconds = 20;
const rowsPerSecond = 32_000;
/** A node is asked so often. */
const pollMs = 200;

const residentMb = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
const clock = createClock();
const store = openDuckDbEntryStore({
  path,
  retention: { bytes: 64 * 2 ** 30, ms: 365 * 24 * 3_600_000 },
  wallNs: clock.wallNs,
  log: createLog({ level: 'warn', wallNs: clock.wallNs }),
});
const held = (await store.facts()).rows;
const restMb = residentMb();
const load = createEntryLoad();
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const figures = {
  p99Ms: [] as number[],
  cpuPercent: [] as number[],
  residentMb: [] as number[],
  loopMs: [] as number[],
};
const perPoll = (rowsPerSecond / runnerCount / 1_000) * pollMs;
const began = performance.now();
let polls = 0;
for (let second = 0; second < seconds; second += 1) {
  const latencies: number[] = [];
  const appends: Promise<void>[] = [];
  const cpu = process.cpuUsage();
  const started = performance.now();
  delay.reset();
  while (performance.now() - started < 1_000) {
    for (let runner = 0; runner < runnerCount; runner += 1) {
      const batch = load.next([runner], perPoll);
      // Another attempt than those that fill the file, or every row would be a double.
      const sources = batch.sources.map((source) => ({
        ...source,
        runnerId: `${source.runnerId}-paced-${process.pid}`,
      }));
      const sent = performance.now();
      const tailed = {
        nodeId: load.nodeOf(runner),
        batch: { ...batch, sources },
        cursor: `${sent}`,
        diagnostics: null,
      };
      appends.push(store.append(tailed).then(() => void latencies.push(performance.now() - sent)));
      // Nodes answer one after another, not all at once.
      await wait(pollMs / runnerCount);
    }
    polls += 1;
    await wait(Math.max(0, began + polls * pollMs - performance.now()));
  }
  await Promise.all(appends);
  const { user, system } = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  figures.p99Ms.push(latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN);
  figures.cpuPercent.push((user + system) / 10 / (performance.now() - started));
  figures.residentMb.push(residentMb());
  figures.loopMs.push(delay.max / 1e6);
}
const kept = (await store.facts()).rows - held;
if (kept !== polls * runnerCount * perPoll) throw new Error(`${kept} rows kept of ${polls * runnerCount * perPoll}`);
await store.close();
process.send?.({ ...figures, restMb } satisfies PacedFigures);
