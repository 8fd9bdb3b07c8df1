import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { setTimeout as after } from 'node:timers/promises';
import type { Env } from './find-go.ts';

/** A program of the stack as it is to be started. */
export interface PartPlan {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Env;
  /** Answers 2xx when the program can be used. */
  readonly healthUrl: string;
  /** It speaks for itself on our own output; otherwise the end of what it writes is kept. */
  readonly speaks?: boolean;
  readonly readyDeadlineMs?: number;
  readonly stopDeadlineMs?: number;
}

export interface PartEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningPart {
  readonly name: string;
  readonly pid: number;
  readonly speaks: boolean;
  /** The end of what it wrote. */
  log(): string;
  readonly ended: Promise<PartEnd>;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end, and ends it when it does not. */
  stop(): Promise<void>;
}

/** It ended, or did not answer in time; the message holds what it wrote last. */
export class PartFailed extends Error {
  override readonly name = 'PartFailed';
}

/** Each is up within 0.1 s here; this is for a machine that compiles beside it. */
const defaultReadyDeadlineMs = 30_000;
const healthEveryMs = 50;
const healthAnswerMs = 1_000;
/** A Collector sends what it holds before it ends, and waits for answers. */
const defaultStopDeadlineMs = 10_000;
/** The last lines are what is asked for; a Collector that reaches nobody writes for ever. */
const keptLogBytes = 64 * 1024;
const lastLines = 12;
/** A line of a Collector's may hold a whole configuration. */
const longestLine = 300;

/** Starts a program and waits until it is healthy. Throws a PartFailed when it does not get there. */
export async function startPart(plan: PartPlan): Promise<RunningPart> {
  const part = spawnPart(plan);
  try {
    await untilHealthy(plan, part);
    return part;
  } catch (error) {
    await part.stop();
    throw error;
  }
}

export function spawnPart({ name, program, args, env, speaks = false, stopDeadlineMs }: PartPlan): RunningPart {
  // A session of its own: Ctrl-C in a terminal would end all parts at once, senders and receivers alike, and what the
  // senders still hold would be lost. On Linux the kernel ends the part when its starter is killed; nobody else would.
  const [first = program, ...rest] = [...(hasLeash() ? leash : []), program, ...args];
  const output = speaks ? 'inherit' : 'pipe';
  const child = spawn(first, rest, { env: { ...env }, stdio: ['ignore', output, output], detached: true });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes: Buffer) => (log = (log + bytes.toString()).slice(-keptLogBytes)));
  const ended = new Promise<PartEnd>((resolve) => {
    child.once('error', (error) => {
      log += error.message;
      resolve({ code: null, signal: null });
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return {
    name,
    pid: child.pid ?? 0,
    speaks,
    log: () => log,
    ended,
    kill: (signal) => void child.kill(signal),
    stop: () => stop(child, ended, stopDeadlineMs ?? defaultStopDeadlineMs),
  };
}

const leash = ['setpriv', '--pdeathsig', 'TERM'];

/** util-linux has it; macOS has nothing like it, and another `setpriv` may not know the word. */
function hasLeash(): boolean {
  leashWorks ??= spawnSync(leash[0] ?? '', [...leash.slice(1), 'true'], { stdio: 'ignore' }).status === 0;
  return leashWorks;
}
let leashWorks: boolean | null = null;

async function stop(child: ChildProcess, ended: Promise<PartEnd>, deadlineMs: number): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  await ended;
  clearTimeout(timer);
}

/** Returns early when told to stop. Throws a PartFailed when the part ends, or is not healthy in time. */
export async function untilHealthy(plan: PartPlan, part: RunningPart, signal?: AbortSignal): Promise<void> {
  const { healthUrl, readyDeadlineMs = defaultReadyDeadlineMs } = plan;
  const ends: PartEnd[] = [];
  void part.ended.then((end) => ends.push(end));
  const deadlineMs = performance.now() + readyDeadlineMs;
  while (!(await answers(healthUrl)) && signal?.aborted !== true) {
    for (const end of ends) throw new PartFailed(describeEnd(part, end));
    if (performance.now() > deadlineMs)
      throw new PartFailed(
        `${part.name} did not answer at ${healthUrl} within ${readyDeadlineMs / 1000} s${tail(part)}`,
      );
    await after(healthEveryMs);
  }
}

/** How a part ended, and its last lines. */
export function describeEnd(part: RunningPart, { code, signal }: PartEnd): string {
  const how =
    signal === null ? (code === null ? 'could not be started' : `ended with code ${code}`) : `was killed by ${signal}`;
  return `${part.name} (pid ${part.pid}) ${how}${tail(part)}`;
}

function tail(part: RunningPart): string {
  if (part.speaks) return '';
  const lines = part.log().trimEnd().split('\n').slice(-lastLines);
  return lines[0] === ''
    ? '; it wrote nothing'
    : `; its last lines:\n${lines.map((line) => `  ${line.slice(0, longestLine)}`).join('\n')}`;
}

async function answers(url: string): Promise<boolean> {
  try {
    const { ok, body } = await fetch(url, { signal: AbortSignal.timeout(healthAnswerMs) });
    await body?.cancel();
    return ok;
  } catch {
    return false; // not listening yet
  }
}
