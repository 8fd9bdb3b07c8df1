import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Puts a process with all its threads on these cores, as `taskset` writes them; false where the machine cannot. */
export function pinTo(cores: string, pid: number): boolean {
  return spawnSync('taskset', ['-apc', cores, String(pid)], { stdio: 'ignore' }).status === 0;
}

export interface CpuSeconds {
  /** User and system, of the whole process. */
  readonly all: number;
  /**
   * Of threads that are neither the main one nor the engine's helpers: of a plane, those of the entry store,
   * which has its database work in the threads of libuv too.
   */
  readonly others: number;
}

const ticksPerSecond = 100;
const nodesOwn = /^(node|MainThread|V8Worker|DelayedTaskSche|SignalInspector)/;

/** What a process has used so far, by the kernel's account, in steps of 10 ms. */
export function cpuSecondsOf(pid: number): CpuSeconds {
  const others = readdirSync(`/proc/${pid}/task`)
    .filter((tid) => !nodesOwn.test(readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8')))
    .reduce((sum, tid) => sum + secondsIn(`/proc/${pid}/task/${tid}/stat`), 0);
  return { all: secondsIn(`/proc/${pid}/stat`), others };
}

const quietMs = 300;
const quietWithinMs = 10_000;

/** Waits until the process uses next to nothing any more. */
export async function untilIdle(pid: number): Promise<void> {
  for (const until = Date.now() + quietWithinMs; Date.now() < until; ) {
    const before = cpuSecondsOf(pid).all;
    await wait(quietMs);
    if (cpuSecondsOf(pid).all - before <= 0.01) return;
  }
}

function secondsIn(path: string): number {
  const stat = readFileSync(path, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
