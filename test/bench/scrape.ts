// What Prometheus costs a plane with 16 ranks: one scrape, and counting the durations of what the ranks record.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlightWriter, openRingWriter } from '@rankscope/flight-recorder';
import { openDurations } from '../../apps/plane/src/node/expose/durations.ts';
import { startPlane } from '../support/plane-harness.ts';
import { chatBody, post } from '../support/plane-requests.ts';
import { report } from './report.ts';

const ranks = 16;
const rounds = 7;
/** CPU is counted by the kernel in hundredths of a second, so a round is many scrapes. */
const scrapesARound = 20;
/** As the scrape file has it. */
const intervalMs = 5_000;

const cpuMsOf = (pid: number) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

async function scrapes() {
  const plane = await startPlane({
    args: ['--engine', 'simulated', '--model', 'tiny', '--ranks', String(ranks)],
    readyWithinMs: 180_000,
  });
  try {
    // Every phase that a command has, so that every histogram is there.
    for (let i = 0; i < 3; i += 1)
      await (await post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: 100 }))).text();
    const headers = { accept: 'application/openmetrics-text; version=1.0.0' };
    const scrape = async () => (await fetch(`${plane.url}/metrics`, { headers })).text();
    const first = await scrape();
    const taken = { wallMs: [] as number[], cpuMs: [] as number[], share: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      const before = cpuMsOf(plane.pid);
      for (let i = 0; i < scrapesARound; i += 1) {
        const startedMs = performance.now();
        await scrape();
        taken.wallMs.push(performance.now() - startedMs);
      }
      const each = (cpuMsOf(plane.pid) - before) / scrapesARound;
      taken.cpuMs.push(each);
      taken.share.push((each / intervalMs) * 100);
    }
    console.log(`one answer: ${first.split('\n').length} lines, ${Math.round(first.length / 1024)} KiB`);
    return taken;
  } finally {
    await plane.stop();
  }
}

/** Tokens as a tensor-parallel rank writes them: 30 collectives in each of two phases. */
function record(writer: FlightWriter, tokens: number): number {
  let entries = 0;
  const put = (entry: Parameters<FlightWriter['record']>[0]) => {
    writer.record(entry);
    entries += 1;
  };
  for (let token = 0; token < tokens; token += 1) {
    for (const phase of ['decode_stream', 'decode_barrier'] as const) {
      put({ phase, kind: 'enter', event: 'enter' });
      for (let i = 0; i < 30; i += 1) {
        const barrierSeq = token * 60 + i;
        put({ phase, kind: 'enter', event: 'collective_enter', op: 'all_sum', group: 0, barrierSeq, cell: 1 });
        put({ phase, kind: 'exit', event: 'collective_exit', op: 'all_sum', group: 0, barrierSeq, cell: 1 });
      }
      put({ phase, kind: 'exit', event: 'exit' });
    }
  }
  return entries;
}

async function counting() {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-scrape-'));
  const id = '01a2040d-ee42-77d5-a1be-000000000001';
  const ringOf = (rank: number) => join(dir, `${rank}.ring`);
  const writers = Array.from({ length: ranks }, (_, rank) => {
    const identity = { runnerId: `r${rank}`, nodeId: 'n', instanceId: 'i', modelId: 'm', rank, worldSize: ranks };
    const writer = openRingWriter(ringOf(rank), { ...identity, attempt: 1, bootId: id });
    writer.setTask({ taskId: id, commandId: id });
    return writer;
  });
  const facts = writers.map((_, rank) => ({
    facts: { alive: true, assignment: { runnerId: `r${rank}`, ringPath: ringOf(rank) } },
  }));
  const durations = openDurations({ runners: () => facts, nowMs: () => performance.now() });
  const usPerEntry: number[] = [];
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const entries = writers.reduce((sum, writer) => sum + record(writer, 16), 0);
      const before = process.cpuUsage();
      await durations.catchUp();
      const { user, system } = process.cpuUsage(before);
      // The first warms the code up.
      if (round > 0) usPerEntry.push((user + system) / entries);
    }
  } finally {
    durations.close();
    for (const writer of writers) writer.close(0);
    rmSync(dir, { recursive: true });
  }
  return usPerEntry;
}

const usPerEntry = await counting();
const { wallMs, cpuMs, share } = await scrapes();
const ran = `${rounds} rounds; ${ranks} simulated ranks after three commands, ${scrapesARound} scrapes a round; ${ranks} rings of a tensor-parallel rank`;
report('scrape', ran, [
  { name: 'one scrape, asked over HTTP', unit: 'ms', samples: wallMs, goal: 100, better: 'lower' },
  { name: 'one scrape, CPU of the plane', unit: 'ms', samples: cpuMs, goal: 50, better: 'lower' },
  { name: 'a scrape every 5 s', unit: '% core', samples: share, goal: 1, better: 'lower' },
  { name: 'counting one entry, CPU', unit: 'µs', samples: usPerEntry, goal: 2.5, better: 'lower' },
]);
process.exit();
