import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRingReader } from '@rankscope/flight-recorder';
import type { NativePlan } from '../../native/lib/index.ts';
import { greedy } from '../native/support/greedy.ts';
import type { RankAnswer, RankCall } from '../native/support/rank-messages.ts';
import { freePorts } from '../support/runner-harness.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const switchable = here('../../build/native/switchable');

export interface SwitchedRanks {
  /** All ranks answer; `onToken` hears the first rank's. */
  generate(maxTokens: number, onToken?: (index: number) => void): Promise<void>;
  /** Takes effect in all ranks at their next slot. */
  record(what: 'everything' | 'nothing'): void;
  /** Slots claimed so far, per rank; a memory snapshot is one more. */
  slots(): readonly number[];
  close(): void;
}

/** Ranks that have loaded the model, over the addon whose recording can be switched off while they decode. */
export async function startSwitchedRanks(plan: NativePlan, world: number, dir: string): Promise<SwitchedRanks> {
  const data = mkdtempSync(join(tmpdir(), 'rankscope-recording-'));
  const file = openSync(join(data, 'switch'), 'w+');
  const record: SwitchedRanks['record'] = (what) => void writeSync(file, what === 'everything' ? '1' : '0', 0);
  record('everything');
  const hosts = world === 1 ? [] : (await freePorts(world)).map((port) => `127.0.0.1:${port}`);
  const env = {
    ...process.env,
    OPENBLAS_NUM_THREADS: world === 1 ? '2' : '1',
    RANKSCOPE_NATIVE_TEST_RECORDING: join(data, 'switch'),
  };
  const ringPath = (rank: number) => join(data, `${rank}.ring`);
  const ranks = Array.from({ length: world }, () => new BenchRank(env));
  const close = () => {
    for (const rank of ranks) rank.child.kill('SIGKILL');
    closeSync(file);
    rmSync(data, { recursive: true, force: true });
  };
  const callAll = (call: (rank: number) => RankCall) => Promise.all(ranks.map((rank, index) => rank.call(call(index))));
  await callAll((rank) => openCall(rank, hosts, ringPath(rank)));
  await callAll(() => ({ call: 'joinGroup' }));
  await callAll(() => ({ call: 'load', options: { dir, plan, maxContext: null } }));
  return {
    record,
    close,
    generate: async (maxTokens, onToken) => {
      const [first] = ranks;
      if (first !== undefined) first.onToken = onToken ?? (() => {});
      await callAll(() => ({ call: 'generate', options: { ...request, maxTokens } }));
    },
    slots: () => ranks.map((_, rank) => claimedSlots(ringPath(rank))),
  };
}

const request = { ...greedy, tokens: Int32Array.from({ length: 16 }, (_, i) => 10 + ((i * 7919) % 40_000)) };

function openCall(rank: number, hosts: readonly string[], path: string): RankCall {
  const worldSize = Math.max(1, hosts.length);
  const identity = { runnerId: `bench-${rank}`, nodeId: 'bench', instanceId: 'bench', modelId: 'smollm2' };
  return {
    call: 'open',
    directory: switchable,
    recorder: {
      path,
      ...identity,
      bootId: '00000000-0000-4000-8000-000000000001',
      rank,
      worldSize,
      attempt: 1,
      rareCount: 1024,
      memoryCount: 4096,
      mainCount: 65536,
      stringsBytes: 262_144,
    },
    engine: {
      rank,
      worldSize,
      backend: worldSize === 1 ? 'none' : 'ring',
      hosts,
      injectAllowed: false,
      connectMs: 60_000,
      collectiveMs: 60_000,
      exitOnCollectiveDeadline: 14,
      exitOnConnectDeadline: 12,
    },
  };
}

function claimedSlots(path: string): number {
  const reader = openRingReader(path);
  const { next } = reader.state();
  const snapshots = reader.newest(65_536).entries.filter(({ memory }) => memory !== null).length;
  reader.close();
  return next + snapshots;
}

class BenchRank {
  readonly child: ChildProcess;
  onToken: (index: number) => void = () => {};
  readonly #pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #nextId = 0;

  constructor(env: NodeJS.ProcessEnv) {
    this.child = fork(here('../native/support/rank.ts'), [], { env, serialization: 'advanced' });
    this.child.on('message', (answer: RankAnswer) => this.#hear(answer));
    this.child.on('exit', (code, signal) => {
      for (const { reject } of this.#pending.values()) reject(new Error(`a rank ended with ${signal ?? code}`));
    });
  }

  call(order: RankCall): Promise<unknown> {
    const id = this.#nextId++;
    this.child.send({ ...order, id });
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  #hear(answer: RankAnswer): void {
    if ('token' in answer) {
      this.onToken(answer.index);
      return;
    }
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (answer.ok) pending?.resolve(answer.value);
    else pending?.reject(new Error(`${answer.name}: ${answer.message}`));
  }
}
