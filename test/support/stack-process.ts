import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface StackProcess {
  readonly dataDir: string;
  out(): string;
  err(): string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  kill(signal: NodeJS.Signals): void;
  /** Waits until the table of addresses is there. */
  untilUp(): Promise<void>;
  /** An address of the table, by what stands before or after it. */
  address(row: RegExp): string;
  /** Processes that this one started, or that those started; by what they run. */
  children(): readonly { readonly pid: number; readonly command: string }[];
  /** Ends what is left of it and removes its data. */
  close(): Promise<void>;
}

export interface StackProcessOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** By way of npm, as a person types it. */
  readonly npm?: boolean;
}

const upWithinMs = 60_000;

/** `npm run stack -- --port 0 …` with a data directory of its own. */
export function startStackProcess({ args = [], env = {}, npm = false }: StackProcessOptions): StackProcess {
  const dataDir = mkdtempSync(join(tmpdir(), 'rankscope-stack-'));
  // What carries this in its environment was started by this process, whoever its parent is by now.
  const mark = `RANKSCOPE_TEST_MARK_${randomUUID().replaceAll('-', '')}`;
  const script = join(root, 'apps/cli/bootstrap/stack.mjs');
  const [program, ...before] = npm ? ['npm', 'run', '--silent', 'stack', '--'] : [process.execPath, script];
  const { PATH = '', HOME = '', RANKSCOPE_CACHE } = process.env;
  const child = spawn(program ?? '', [...before, '--data', dataDir, ...args], {
    cwd: root,
    env: { PATH, HOME, ...(RANKSCOPE_CACHE && { RANKSCOPE_CACHE }), ...env, STACK_TEST: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const children = () => findMarked(mark).filter(({ pid }) => pid !== child.pid);
  return {
    dataDir,
    out: () => out,
    err: () => err,
    ended,
    kill: (signal) => void child.kill(signal),
    async untilUp() {
      const gone = ended.then(({ code, signal }) => {
        throw new Error(`the stack ended with ${signal ?? code}\n${err}`);
      });
      await Promise.race([gone, expect.poll(() => err, { timeout: upWithinMs }).toMatch(/^Files +\//m)]);
    },
    address(row) {
      const found = err.split('\n').find((line) => row.test(line));
      const address = /(?:http:\/\/)?127\.0\.0\.1:\d+\S*/.exec(found ?? '')?.[0];
      if (address === undefined) throw new Error(`no address beside ${row}\n${err}`);
      return address;
    },
    children,
    async close() {
      child.kill('SIGKILL');
      for (const { pid } of children()) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // gone meanwhile
        }
      }
      await ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function findMarked(mark: string): { pid: number; command: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)) return [];
      return [{ pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ') }];
    } catch {
      return []; // ended while we looked
    }
  });
}
