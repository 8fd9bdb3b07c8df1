import { readFileSync } from 'node:fs';

export interface ProcessFacts {
  readonly parentPid: number;
  /** One letter as the kernel has it: R, S, D, T (stopped), Z. */
  readonly state: string;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Seconds between the machine's start and the process's. */
  readonly startedAtSeconds: number;
}

/** Linux counts processor time in hundredths wherever Node runs. */
const ticksPerSecond = 100;
const pageBytes = 4096;

/** What /proc says of a process; null where there is no such process or no /proc. */
export function readProcessFacts(pid: number): ProcessFacts | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The command stands in parentheses and may itself hold some.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (index: number) => Number(fields[index] ?? 0);
  return {
    state: fields[0] ?? '?',
    parentPid: number(1),
    cpuSeconds: (number(11) + number(12)) / ticksPerSecond,
    startedAtSeconds: number(19) / ticksPerSecond,
    rssBytes: number(21) * pageBytes,
  };
}

const stateNames: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'disk-sleep',
  T: 'stopped',
  t: 'tracing-stop',
  Z: 'zombie',
  I: 'idle',
};

export function processStateName(state: string): string {
  return stateNames[state] ?? state;
}
