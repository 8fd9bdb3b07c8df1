// P13, first part: what a plane costs while nobody asks it anything.
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { startPlane } from '../support/plane-harness.ts';
import { report } from './report.ts';

const windowMs = 5000;
const windows = 7;

/** CPU seconds that the processes have used so far (user and system), by the kernel's account. */
function cpuSeconds(pids: readonly number[]): number {
  const ticksPerSecond = 100;
  const ticks = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, t) => sum + t, 0) / ticksPerSecond;
}

const residentMb = (pid: number) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

const plane = await startPlane({ args: ['--model', 'tiny', '--ranks', '2', '--plan', 'pipeline'] });
try {
  const answer = await fetch(`${plane.url}/v1/diagnostics/cluster/timeline`, { signal: AbortSignal.timeout(30_000) });
  const { runners } = (await answer.json()) as { runners: { pid: number }[] };
  const pids = [plane.pid, ...runners.map((runner) => runner.pid)];
  if (pids.length !== 3) throw new Error(`expected a plane and two ranks, found ${pids.length} processes`);
  const memory: number[] = [];
  const share: number[] = [];
  for (let i = 0; i < windows; i += 1) {
    const before = cpuSeconds(pids);
    const started = performance.now();
    await wait(windowMs);
    share.push(((cpuSeconds(pids) - before) / ((performance.now() - started) / 1000)) * 100);
    memory.push(residentMb(plane.pid));
  }
  report(
    'P13 plane at rest',
    `${windows} windows of ${windowMs / 1000} s, a plane and two idle MLX ranks (tiny, pipeline)`,
    [
      { name: 'resident memory of the plane', unit: 'MB', samples: memory, goal: 150, better: 'lower' },
      { name: 'plane and two idle ranks together', unit: '% core', samples: share, goal: 1, better: 'lower' },
    ],
  );
} finally {
  await plane.stop();
}
process.exit();
