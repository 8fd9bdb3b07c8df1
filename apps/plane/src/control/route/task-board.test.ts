import {
  CommandId,
  type FromRunner,
  InstanceId,
  Sampling,
  TaskId,
  type TaskOrder,
  type ToRunner,
} from '@rankscope/schema';
import { expect, test, vi } from 'vitest';
import type { Instance } from '../../node/supervise/instance.ts';
import type { RunnerEvent, RunnerFacts } from '../../node/supervise/runner.ts';
import { createTaskBoard, maxOpenTasks, type TaskOutcome } from './task-board.ts';

const usage = { promptTokens: 3, cachedTokens: 0, completionTokens: 2 };

/** Two ranks that say what the test has them say. */
function twoRanks() {
  const sent: ToRunner[] = [];
  let listener: (event: RunnerEvent) => void = () => undefined;
  const facts = [0, 1].map(
    (rank) =>
      ({
        assignment: { rank },
        pid: 100 + rank,
        alive: true,
        status: 'RunnerReady',
        exitCode: null,
        exitSignal: null,
        errorMessage: null,
        endedAtNs: null,
        askedToEnd: null,
      }) as unknown as RunnerFacts,
  );
  const instance: Instance = {
    instanceId: InstanceId.parse('i'),
    modelId: 'tiny',
    createdAtSeconds: 0,
    runners: facts.map((one) => ({
      facts: one,
      send: () => true,
      signal: () => true,
      askToEnd: () => undefined,
      trimLog: () => undefined,
      ended: Promise.resolve(),
    })),
    broadcast: (message) => sent.push(message),
    subscribe: (to) => {
      listener = to;
      return () => undefined;
    },
    close: () => Promise.resolve(),
  };
  const say = (rank: number, message: FromRunner) => listener({ kind: 'message', rank, message });
  const end = (rank: number, how: Partial<RunnerFacts>) => {
    endings += 1;
    Object.assign(facts[rank] ?? {}, { alive: false, endedAtNs: BigInt(endings) * 10_000_000_000n, ...how });
    listener({ kind: 'ended', rank });
  };
  return { instance, sent, say, end, facts };
}

let endings = 0;
let last = 0;
function task(): TaskOrder {
  last += 1;
  const id = `01a2040d-ee42-77d5-a1be-${String(last).padStart(12, '0')}`;
  const messages = [{ role: 'user', content: 'hi' }];
  return {
    taskId: TaskId.parse(id),
    commandId: CommandId.parse(id),
    messages,
    sampling: Sampling.parse({}),
    deadlineMs: 60_000,
  };
}

function reader() {
  const outcomes: TaskOutcome[] = [];
  const texts: string[] = [];
  return {
    outcomes,
    texts,
    onText: (text: string) => texts.push(text),
    onOutcome: (outcome: TaskOutcome) => outcomes.push(outcome),
  };
}

test('a task that is taken is told before any rank hears of it, one that is not is not', () => {
  const { instance, sent } = twoRanks();
  const told: string[] = [];
  const onAccepted = ({ taskId }: TaskOrder) => told.push(`${taskId} after ${sent.length}`);
  const board = createTaskBoard(instance, { onAccepted });
  const order = task();
  expect(board.submit(order, reader())).toEqual({ kind: 'accepted' });
  board.close();
  expect(board.submit(task(), reader()).kind).toBe('not_ready');
  expect(told).toEqual([`${order.taskId} after 0`]);
});

test('one outcome: that of the rank that samples', () => {
  const { instance, sent, say } = twoRanks();
  const board = createTaskBoard(instance);
  const order = task();
  const { taskId } = order;
  const heard = reader();
  expect(board.submit(order, heard)).toEqual({ kind: 'accepted' });
  expect(sent).toEqual([{ type: 'task', task: order }]);
  say(0, { type: 'done', taskId, finishReason: 'stop', usage, samples: false });
  say(1, { type: 'token', taskId, text: 'Pa', tokens: 1 });
  say(1, { type: 'token', taskId, text: 'ris', tokens: 1 });
  say(1, { type: 'done', taskId, finishReason: 'stop', usage, samples: true });
  expect(heard.texts.join('')).toBe('Paris');
  expect(heard.outcomes).toEqual([{ kind: 'done', finishReason: 'stop', usage }]);
  expect(board.cancel(order.commandId)).toBe('already_completed');
});

test('a rank that lost its peer is not the cause when the peer is seen to have died', () => {
  vi.useFakeTimers();
  const { instance, say, end } = twoRanks();
  const board = createTaskBoard(instance);
  const order = task();
  const heard = reader();
  board.submit(order, heard);
  say(1, { type: 'failed', taskId: order.taskId, class: 'peer_lost', message: 'rank 0 closed its socket' });
  end(1, { exitCode: 13, errorMessage: 'rank 0 closed its socket' });
  expect(heard.outcomes).toEqual([]);
  end(0, { exitSignal: 'SIGKILL' });
  expect(heard.outcomes).toEqual([{ kind: 'rank_failed', message: 'rank 0 (pid 100) was killed by SIGKILL' }]);
  vi.runAllTimers();
  expect(heard.outcomes).toHaveLength(1);
  expect(board.submit(task(), reader())).toEqual({
    kind: 'not_ready',
    reason: 'rank 0 (pid 100) was killed by SIGKILL',
  });
  vi.useRealTimers();
});

test('what is said of ranks that have ended is what became of the first of them', () => {
  const { instance, end } = twoRanks();
  const board = createTaskBoard(instance);
  end(1, { exitSignal: 'SIGKILL' });
  end(0, { exitCode: 0, askedToEnd: 'asked to end: rank 1 was killed' });
  expect(board.whyNotReady()).toBe('rank 1 (pid 101) was killed by SIGKILL');
  expect(board.submit(task(), reader())).toEqual({ kind: 'not_ready', reason: board.whyNotReady() });
});

test('a rank that was asked to end does not end an answer as "exited with code 0"', () => {
  vi.useFakeTimers();
  const { instance, end } = twoRanks();
  const board = createTaskBoard(instance);
  const heard = reader();
  board.submit(task(), heard);
  end(0, { exitCode: 0 });
  expect(heard.outcomes).toEqual([]);
  end(1, { exitCode: 11, errorMessage: 'no config.json' });
  expect(heard.outcomes).toMatchObject([{ message: 'rank 1 (pid 101) exited with code 11: no config.json' }]);
  vi.useRealTimers();
});

test('ranks that do not answer at all are given up after the deadline, and told to stop', () => {
  vi.useFakeTimers();
  const { instance, sent } = twoRanks();
  const board = createTaskBoard(instance);
  const order = task();
  const heard = reader();
  board.submit(order, heard);
  vi.advanceTimersByTime(order.deadlineMs + 5_000);
  expect(heard.outcomes).toEqual([{ kind: 'late', message: 'no answer within 60000 ms' }]);
  expect(sent.at(-1)).toEqual({ type: 'cancel', taskId: order.taskId });
  vi.useRealTimers();
});

test('more than the ranks should hold is refused, until a task has left all ranks', () => {
  const { instance, say } = twoRanks();
  const board = createTaskBoard(instance);
  const orders = Array.from({ length: maxOpenTasks }, task);
  for (const order of orders) board.submit(order, reader());
  expect(board.submit(task(), reader())).toEqual({ kind: 'full' });
  const taskId = orders[0]?.taskId ?? TaskId.parse('');
  say(1, { type: 'done', taskId, finishReason: 'length', usage, samples: true });
  expect(board.submit(task(), reader())).toEqual({ kind: 'full' });
  say(0, { type: 'done', taskId, finishReason: 'length', usage, samples: false });
  expect(board.submit(task(), reader())).toEqual({ kind: 'accepted' });
  board.close();
});

test('a board that closes says so to every open answer, and takes no more', () => {
  const { instance } = twoRanks();
  const board = createTaskBoard(instance);
  const heard = reader();
  board.submit(task(), heard);
  board.close();
  expect(heard.outcomes).toEqual([{ kind: 'closing', message: 'the plane is shutting down' }]);
  expect(board.submit(task(), reader())).toEqual({ kind: 'not_ready', reason: 'the plane is shutting down' });
});

test('a cancel goes out once', () => {
  const { instance, sent } = twoRanks();
  const board = createTaskBoard(instance);
  const order = task();
  board.submit(order, reader());
  expect([board.cancel(order.commandId), board.cancel(order.commandId), board.cancel('x')]).toEqual([
    'cancel_requested',
    'already_cancelled',
    'unknown',
  ]);
  expect(sent.filter(({ type }) => type === 'cancel')).toHaveLength(1);
  board.close();
});
