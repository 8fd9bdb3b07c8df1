import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBootId } from '@rankscope/daemon';
import { openRingReader, type RingEntry, type RingState } from '@rankscope/flight-recorder';
import { Assignment } from '@rankscope/schema';
import { z } from 'zod';
import type { EngineCall } from './engine-process.contract.ts';

const main = fileURLToPath(new URL('./engine-process.contract.ts', import.meta.url));
const Answer = z.object({
  id: z.int(),
  value: z.unknown().optional(),
  token: z.int().optional(),
  error: z.object({ name: z.string(), message: z.string() }).optional(),
});

export interface EngineRank {
  /** Rejects with an error of the engine's own name. */
  do(call: EngineCall, onToken?: (token: number) => void): Promise<unknown>;
  kill(): void;
  entries(): readonly RingEntry[];
  state(): RingState;
}

export interface EngineRanks {
  readonly ranks: readonly [EngineRank, EngineRank];
  readonly both: (call: EngineCall) => Promise<unknown[]>;
  close(): Promise<void>;
}

/** Two engines in two processes, opened and not yet joined. */
export async function startEngines(given: {
  readonly engine: 'mlx' | 'simulated';
  readonly modelDir: string;
}): Promise<EngineRanks> {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-engine-'));
  const hosts = await freeHosts(2);
  const children: ChildProcess[] = [];
  const start = (rank: number): EngineRank => {
    const child = spawn(process.execPath, [main], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    children.push(child);
    const assignment = Assignment.parse({
      protocol: 1,
      runnerId: `engine-${rank}`,
      nodeId: 'n',
      instanceId: 'i',
      modelId: 'm',
      ...given,
      rank,
      worldSize: 2,
      attempt: 1,
      plan: 'tensor',
      hosts,
      ringPath: join(dir, `${rank}.ring`),
      bootId: readBootId(),
      deadlines: { connectMs: 20_000, collectiveMs: 30_000 },
      injectAllowed: true,
    });
    return describeRank(child, assignment);
  };
  const ranks: EngineRanks['ranks'] = [start(0), start(1)];
  return {
    ranks,
    both: (call) => Promise.all(ranks.map((rank) => rank.do(call))),
    close: async () => {
      await Promise.all(
        children.map(
          (child) =>
            new Promise((resolve) =>
              (child.exitCode ?? child.signalCode) === null
                ? child.once('exit', resolve).kill('SIGKILL')
                : resolve(null),
            ),
        ),
      );
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function describeRank(child: ChildProcess, assignment: Assignment): EngineRank {
  const waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void; onToken: (token: number) => void }
  >();
  let count = 0;
  child.on('message', (raw) => {
    const { id, value, token, error } = Answer.parse(raw);
    const call = waiting.get(id);
    if (token !== undefined) return call?.onToken(token);
    waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(Object.assign(new Error(error.message), { name: error.name }));
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the process ended: ${code ?? signal}`));
  });
  const act: EngineRank['do'] = (call, onToken = () => undefined) =>
    new Promise((resolve, reject) => {
      count += 1;
      const id = count;
      waiting.set(id, { resolve, reject, onToken });
      child.send({ id, call }, (error) => error && reject(error));
    });
  const read = <T>(fn: (reader: ReturnType<typeof openRingReader>) => T): T => {
    const reader = openRingReader(assignment.ringPath);
    try {
      return fn(reader);
    } finally {
      reader.close();
    }
  };
  const opened = act({ call: 'open', assignment });
  return {
    do: async (call, onToken) => {
      await opened;
      return act(call, onToken);
    },
    kill: () => void child.kill('SIGKILL'),
    entries: () => read((reader) => reader.read({ next: 0 }, { limit: 100_000 }).entries),
    state: () => read((reader) => reader.state()),
  };
}

async function freeHosts(count: number): Promise<string[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<Server>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const hosts = servers.map((server) => {
    const address = server.address();
    return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return hosts;
}
