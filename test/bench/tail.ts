// The tail: sixteen ranks at 2,000 entries a second each, from their rings into the store of a real plane.
// `--store memory|duckdb` picks the store where the plane knows it; `--seconds N` how long.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ClusterAnalysis } from '@rankscope/schema';
import { startPlane } from '../support/plane-harness.ts';
import { analysisOf, eventually, getJson } from '../support/plane-requests.ts';
import { writeRings } from '../support/write-rings.ts';
import { report } from './report.ts';

const { values } = parseArgs({ options: { store: { type: 'string' }, seconds: { type: 'string', default: '24' } } });
const processes = 4;
const ringsEach = 4;
const perSecond = 2_000;
const seconds = Number(values.seconds);
const warmUpMs = 3_000;
const windowMs = 1_000;

const dataDir = mkdtempSync(join(tmpdir(), 'rankscope-tail-'));
const store = values.store === undefined ? {} : { RANKSCOPE_ENTRY_STORE: values.store };
const plane = await startPlane({ args: ['--no-model'], dataDir, env: store });

/** Processor seconds of the plane with all its threads, and its resident megabytes. */
function usage(): { cpuSeconds: number; rssMb: number } {
  const fields = readFileSync(`/proc/${plane.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${plane.pid}/status`, 'utf8'));
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, rssMb: Number(rss?.[1]) / 1024 };
}

const ownOf = ({ history }: ClusterAnalysis) => history?.nodes.find(({ url }) => url === null);

try {
  const nodeId = await getJson<string>(`${plane.url}/node_id`);
  const writing = Array.from({ length: processes }, (_, index) =>
    writeRings({ dataDir, nodeId, firstRank: index * ringsEach, rings: ringsEach, perSecond, seconds }),
  );
  const cpuBefore = usage().cpuSeconds;
  await wait(warmUpMs);
  const share: number[] = [];
  const memory: number[] = [];
  const half: number[] = [];
  const most: number[] = [];
  for (const untilMs = performance.now() + (seconds - 1) * 1_000 - warmUpMs; performance.now() < untilMs; ) {
    const before = usage();
    const startedMs = performance.now();
    await wait(windowMs);
    const after = usage();
    share.push(((after.cpuSeconds - before.cpuSeconds) / ((performance.now() - startedMs) / 1_000)) * 100);
    memory.push(after.rssMb);
  }
  const ages = ownOf(await analysisOf(plane.url))?.ageMs;
  if (!ages) throw new Error('the plane kept no entry');
  half.push(ages.p50);
  most.push(ages.p99);
  const counts = (await Promise.all(writing.map(({ written }) => written))).flatMap((rings) => [...rings.values()]);
  const written = counts.reduce((sum, count) => sum + count, 0);
  const own = await eventually(
    async () => ownOf(await analysisOf(plane.url)),
    (node) => (node?.entries ?? 0) + (node?.dropped ?? 0) >= written,
    60_000,
  );
  const cpuPerEntry = ((usage().cpuSeconds - cpuBefore) * 1e6) / written;
  if (own?.entries !== written)
    throw new Error(`${own?.entries} of ${written} entries were kept, ${own?.dropped} dropped`);
  report(
    'tail',
    `${processes * ringsEach} rings at ${perSecond} entries/s in ${processes} processes for ${seconds} s, ${written} entries, all kept; store: ${values.store ?? "the plane's own"}`,
    [
      { name: 'written to stored, p50 of all entries', unit: 'ms', samples: half, goal: 500, better: 'lower' },
      { name: 'written to stored, p99 of all entries', unit: 'ms', samples: most, goal: 500, better: 'lower' },
      { name: 'plane, windows of a second', unit: '% core', samples: share, goal: 50, better: 'lower' },
      // Of the processor and not of the clock: it says the same on a busy machine.
      {
        name: 'plane, for an entry from ring to store',
        unit: 'us cpu',
        samples: [cpuPerEntry],
        goal: (0.5 * 1e6) / (processes * ringsEach * perSecond),
        better: 'lower',
      },
      { name: 'resident memory of the plane', unit: 'MB', samples: memory, goal: 300, better: 'lower' },
    ],
  );
} finally {
  await plane.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
process.exit();
