import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface PlaneOptions {
  /** Flags of the plane; `--host`, `--port 0` and `--data` are added. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A data directory to use again; otherwise a fresh one, removed by `stop`. */
  readonly dataDir?: string;
  readonly readyWithinMs?: number;
  /** Words before the program, e.g. those that run it on another host: `['ip', 'netns', 'exec', 'b']`. */
  readonly through?: readonly string[];
}

export interface StartedPlane {
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  /** What it has written to stderr so far. */
  log(): string;
  /** Kinds of what it has told its parent so far. */
  told(): readonly string[];
  stop(): Promise<void>;
}

const main = resolve(import.meta.dirname, '../../apps/plane/src/main.ts');
const stopWithinMs = 12_000;

/** Starts a real plane on a free port and waits until it and its model are ready. Throws with its log when it is not. */
export async function startPlane(options: PlaneOptions = {}): Promise<StartedPlane> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'rankscope-plane-'));
  const { PATH = '', HOME = '' } = process.env;
  const flags = ['--port', '0', '--data', dataDir, ...(options.args ?? ['--no-model'])];
  const [program = '', ...words] = [...(options.through ?? []), process.execPath, main, ...flags];
  const child = spawn(program, words, {
    env: { PATH, HOME, ...options.env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let log = '';
  const told: string[] = [];
  child.on('message', ({ type }: { type: string }) => told.push(type));
  child.stderr?.on('data', (bytes: Buffer) => (log = (log + bytes.toString()).slice(-64 * 1024)));
  const stop = async () => {
    await end(child);
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const url = await untilReady(child, options.readyWithinMs ?? 60_000);
    return { url, pid: child.pid ?? 0, dataDir, log: () => log, told: () => told, stop };
  } catch (error) {
    await stop();
    throw new Error(`the plane did not get ready: ${error instanceof Error ? error.message : String(error)}\n${log}`);
  }
}

function untilReady(child: ChildProcess, deadlineMs: number): Promise<string> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`not ready in ${deadlineMs} ms`)), deadlineMs);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    let url = '';
    child.once('exit', (code, signal) => settle(() => fail(new Error(`ended with ${signal ?? code}`))));
    child.on('message', (message: { type: string; url?: string; reason?: string }) => {
      if (message.type === 'listening') url = message.url ?? '';
      if (message.type === 'ready') settle(() => done(url));
      if (message.type === 'failed') settle(() => fail(new Error(message.reason)));
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
  await exited;
  clearTimeout(timer);
}
