import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openRingReader, type RingEntry, type RingState } from '@rankscope/flight-recorder';
import { type Assignment, FromRunner, type ToRunner } from '@rankscope/schema';

const runnerMain = fileURLToPath(new URL('../../apps/runner/src/main.ts', import.meta.url));

export interface RankProcess {
  readonly rank: number;
  readonly pid: number;
  readonly assignment: Assignment;
  readonly messages: readonly FromRunner[];
  /** What it wrote to standard error so far. */
  readonly stderr: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly atMs: number }>;
  send(message: ToRunner): void;
  kill(signal: NodeJS.Signals): void;
  disconnect(): void;
  /** Waits for a message; those that came before count. */
  until<T extends FromRunner>(
    what: string,
    match: (message: FromRunner) => message is T,
    deadlineMs?: number,
  ): Promise<T>;
  untilStatus(status: string, deadlineMs?: number): Promise<unknown>;
  entries(): readonly RingEntry[];
  state(): RingState;
}

/** A bare runner that waits for its assignment. */
export function startRunnerProcess(): ChildProcess {
  return spawn(process.execPath, [runnerMain], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
}

/** A runner's process, its messages and its ring. */
export function describeRank(child: ChildProcess, assignment: Assignment): RankProcess {
  const messages: FromRunner[] = [];
  const listeners = new Set<() => void>();
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.on('message', (raw) => {
    messages.push(FromRunner.parse(raw));
    for (const listener of [...listeners]) listener();
  });
  const ended = new Promise<{ code: number | null; signal: string | null; atMs: number }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, atMs: performance.now() }));
  });
  const until: RankProcess['until'] = (what, match, deadlineMs = 30_000) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = messages.find(match);
        if (found === undefined) return;
        end();
        resolve(found);
      };
      const fail = (why: string) => {
        end();
        reject(
          new Error(
            `rank ${assignment.rank}: ${why} while waiting for ${what}; it said ${JSON.stringify(messages.slice(-4))}\n${stderr}`,
          ),
        );
      };
      const timer = setTimeout(() => fail(`${deadlineMs} ms passed`), deadlineMs);
      const end = () => {
        clearTimeout(timer);
        listeners.delete(look);
      };
      listeners.add(look);
      void ended.then(({ code, signal }) => {
        look();
        if (listeners.has(look)) fail(`it ended (${code ?? signal})`);
      });
      look();
    });
  const read = <T>(fn: (reader: ReturnType<typeof openRingReader>) => T): T => {
    const reader = openRingReader(assignment.ringPath);
    try {
      return fn(reader);
    } finally {
      reader.close();
    }
  };
  return {
    rank: assignment.rank,
    pid: child.pid ?? 0,
    assignment,
    messages,
    ended,
    until,
    stderr: () => stderr,
    send: (message) => void (child.connected && child.send(message, () => undefined)),
    kill: (signal) => void child.kill(signal),
    disconnect: () => child.disconnect(),
    untilStatus: (status, deadlineMs) =>
      until(
        status,
        (message): message is Extract<FromRunner, { type: 'status' }> =>
          message.type === 'status' && message.status === status,
        deadlineMs,
      ),
    entries: () => read((reader) => reader.read({ next: 0 }, { limit: 1_000_000 }).entries),
    state: () => read((reader) => reader.state()),
  };
}
