import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRingReader, type RingEntry, type RingState } from '@rankscope/flight-recorder';
import { afterEach } from 'vitest';
import type {
  EngineOptions,
  GenerateOptions,
  GenerateResult,
  LinkState,
  LoadedModel,
  MlxMemory,
  NativePlan,
} from '../../../native/lib/index.ts';
import { greedy } from './greedy.ts';
import type { RankAnswer, RankCall } from './rank-messages.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
export const buildDirectory = here('../../../build/native');
/** The addon whose rules can be switched off by RANKSCOPE_NATIVE_TEST_*. */
export const switchableDirectory = join(buildDirectory, 'switchable');
export const tinyDirectory = here('../../../native/models/tiny');

export interface RanksOptions {
  readonly world: number;
  readonly directory?: string;
  /** Undefined: not in the rank's environment, whatever the test's has. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly engine?: Partial<EngineOptions>;
}

const running = new Set<ChildProcess>();
const directories = new Set<string>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  directories.clear();
});

/** Starts ranks that have opened their engine and not yet joined. They die with the test. */
export async function startRanks(options: RanksOptions): Promise<Rank[]> {
  const { world } = options;
  const hosts = world === 1 ? [] : (await freePorts(world)).map((port) => `127.0.0.1:${port}`);
  const data = mkdtempSync(join(tmpdir(), 'rankscope-native-'));
  directories.add(data);
  return Promise.all(Array.from({ length: world }, (_, rank) => startRank({ ...options, rank, hosts, data })));
}

/** Ranks that have joined and loaded. The last one joins last: it connects to the first, which must be listening. */
export async function startLoadedRanks(
  options: RanksOptions & { readonly plan: NativePlan; readonly dir?: string },
): Promise<Rank[]> {
  const ranks = await startRanks(options);
  await joinAll(ranks);
  await Promise.all(ranks.map((rank) => rank.load(options.dir ?? tinyDirectory, options.plan)));
  return ranks;
}

export async function joinAll(ranks: readonly Rank[]): Promise<void> {
  const early = ranks.slice(0, -1).map((rank) => rank.call({ call: 'joinGroup' }));
  await sleep(50);
  await Promise.all([...early, ranks.at(-1)?.call({ call: 'joinGroup' })]);
}

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Rejects when `promise` takes longer: a test that hangs should say in which step. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function startRank(
  options: RanksOptions & { readonly rank: number; readonly hosts: readonly string[]; readonly data: string },
): Promise<Rank> {
  const { rank, world, hosts, data, directory = buildDirectory } = options;
  // Ranks share two cores: OpenBLAS must not bring threads of its own.
  const env = { ...process.env, OPENBLAS_NUM_THREADS: '1', ...options.env };
  const child = fork(here('./rank.ts'), [], {
    env,
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  running.add(child);
  const started = new Rank(child, rank, join(data, `${rank}.ring`));
  await started.call({
    call: 'open',
    directory,
    recorder: {
      path: started.ringPath,
      runnerId: `runner-${rank}`,
      nodeId: 'node',
      instanceId: 'instance',
      modelId: 'tiny',
      bootId: '00000000-0000-4000-8000-000000000001',
      rank,
      worldSize: world,
      attempt: 1,
      rareCount: 1024,
      memoryCount: 4096,
      mainCount: 65536,
      stringsBytes: 262_144,
    },
    engine: {
      rank,
      worldSize: world,
      backend: world === 1 ? 'none' : 'ring',
      hosts,
      injectAllowed: true,
      connectMs: 30_000,
      collectiveMs: 60_000,
      exitOnCollectiveDeadline: 14,
      exitOnConnectDeadline: 12,
      ...options.engine,
    },
  });
  return started;
}

export class RankFailure extends Error {
  override readonly name: string;
  readonly ms: number;
  constructor(name: string, message: string, ms: number) {
    super(message);
    this.name = name;
    this.ms = ms;
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onToken: (token: number, index: number) => void;
}

/** A rank as the test sees it. */
export class Rank {
  readonly child: ChildProcess;
  readonly rank: number;
  readonly ringPath: string;
  /** Resolves with how the process ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  output = '';
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;

  constructor(child: ChildProcess, rank: number, ringPath: string) {
    this.child = child;
    this.rank = rank;
    this.ringPath = ringPath;
    child.stdout?.on('data', (chunk) => (this.output += chunk));
    child.stderr?.on('data', (chunk) => (this.output += chunk));
    child.on('message', (answer: RankAnswer) => this.#hear(answer));
    this.ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
    void this.ended.then(({ code, signal }) => {
      const error = new RankFailure('Ended', `rank ${rank} ended with ${signal ?? code}: ${this.output}`, 0);
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
    });
  }

  call(order: RankCall, onToken: Pending['onToken'] = () => {}): Promise<unknown> {
    const id = this.#nextId++;
    const result = new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject, onToken }));
    result.catch(() => {}); // whoever awaits hears of it; a killed rank's calls are awaited by nobody
    this.child.send({ ...order, id });
    return result;
  }

  load(dir: string, plan: NativePlan): Promise<LoadedModel> {
    return this.call({ call: 'load', options: { dir, plan, maxContext: null } }) as Promise<LoadedModel>;
  }

  generate(options: Partial<GenerateOptions>, onToken?: Pending['onToken']): Promise<GenerateResult> {
    return this.call({ call: 'generate', options: { ...greedy, ...options } }, onToken) as Promise<GenerateResult>;
  }

  links(): Promise<LinkState[]> {
    return this.call({ call: 'links' }) as Promise<LinkState[]>;
  }

  memory(): Promise<MlxMemory> {
    return this.call({ call: 'memory', directory: buildDirectory }) as Promise<MlxMemory>;
  }

  /** All entries of the ring file, also of a dead rank. */
  entries(): readonly RingEntry[] {
    const reader = openRingReader(this.ringPath);
    try {
      return reader.read({ next: 0 }, { limit: 1_000_000, writerDead: true }).entries;
    } finally {
      reader.close();
    }
  }

  /** The header of the ring file. */
  ringState(): RingState {
    const reader = openRingReader(this.ringPath);
    try {
      return reader.state();
    } finally {
      reader.close();
    }
  }

  #hear(answer: RankAnswer): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    if ('token' in answer) {
      pending.onToken(answer.token, answer.index);
      return;
    }
    this.#pending.delete(answer.id);
    if (answer.ok) pending.resolve(answer.value);
    else pending.reject(new RankFailure(answer.name, answer.message, answer.ms));
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
