import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBootId } from '@rankscope/daemon';
import { Assignment, CommandId, type FromRunner, Sampling, TaskId, TaskOrder, type ToRunner } from '@rankscope/schema';
import { describeRank, type RankProcess, startRunnerProcess } from './runner-process.ts';

export interface RankGroup {
  readonly ranks: readonly RankProcess[];
  readonly rank: (index: number) => RankProcess;
  sendAll(message: ToRunner): void;
  untilReady(deadlineMs?: number): Promise<void>;
  /** Kills what still lives and removes the files. */
  close(): Promise<void>;
}

export type GroupOptions = Partial<Omit<Assignment, 'rank' | 'hosts' | 'runnerId'>> & { readonly worldSize: number };

/** Starts one runner process a rank, as a plane would. */
export async function startRanks(options: GroupOptions): Promise<RankGroup> {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-runner-'));
  const hosts = (await freePorts(options.worldSize)).map((port) => `127.0.0.1:${port}`);
  const ranks = Array.from({ length: options.worldSize }, (_, rank) => {
    const process = startRunnerProcess();
    const assignment = Assignment.parse({
      ...defaultAssignment(options, dir),
      ...options,
      rank,
      hosts,
      runnerId: `runner-${rank}`,
      ringPath: join(dir, `runner-${rank}.ring`),
    });
    return describeRank(process, assignment);
  });
  for (const rank of ranks) rank.send({ type: 'assign', assignment: rank.assignment });
  return {
    ranks,
    rank: (index) => {
      const found = ranks[index];
      if (found === undefined) throw new RangeError(`there is no rank ${index}`);
      return found;
    },
    sendAll: (message) => {
      for (const rank of ranks) rank.send(message);
    },
    untilReady: async (deadlineMs) =>
      void (await Promise.all(ranks.map((rank) => rank.untilStatus('RunnerReady', deadlineMs)))),
    close: async () => {
      for (const rank of ranks) rank.kill('SIGKILL');
      await Promise.all(ranks.map((rank) => rank.ended));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export function makeTask(text: string, sampling: Partial<Sampling> = {}, deadlineMs = 60_000): TaskOrder {
  return TaskOrder.parse({
    taskId: TaskId.parse(uuidv7()),
    commandId: CommandId.parse(uuidv7()),
    messages: [{ role: 'user', content: text }],
    sampling: Sampling.parse(sampling),
    deadlineMs,
  });
}

export const doneOf =
  (taskId: string) =>
  (message: FromRunner): message is Extract<FromRunner, { type: 'done' }> =>
    message.type === 'done' && message.taskId === taskId;
export const failedOf =
  (taskId: string | null) =>
  (message: FromRunner): message is Extract<FromRunner, { type: 'failed' }> =>
    message.type === 'failed' && message.taskId === taskId;
export const isToken = (message: FromRunner): message is Extract<FromRunner, { type: 'token' }> =>
  message.type === 'token';

export function textOf(rank: RankProcess, taskId: string): string {
  return rank.messages
    .filter(isToken)
    .filter((token) => token.taskId === taskId)
    .map(({ text }) => text)
    .join('');
}

let uuidCount = 0;
/** Grows with every call of this process. */
export function uuidv7(): string {
  const time = (Date.now() + uuidCount++).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** Ports that nobody listened on a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer();
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function defaultAssignment({ worldSize }: GroupOptions, dir: string) {
  return {
    protocol: 1,
    nodeId: 'node-a',
    instanceId: `instance-${dir.slice(-6)}`,
    modelId: 'simulated',
    modelDir: 'simulated?tokenMs=2',
    engine: 'simulated',
    attempt: 1,
    plan: worldSize === 1 ? 'single' : 'tensor',
    bootId: readBootId(),
    deadlines: { connectMs: 20_000, loadMs: 60_000, collectiveMs: 60_000, taskMs: 60_000 },
    injectAllowed: true,
  };
}
