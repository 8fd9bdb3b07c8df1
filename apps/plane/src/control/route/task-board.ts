import type { FinishReason, FromRunner, TaskOrder, TokenUsage } from '@rankscope/schema';
import { findCause, howItEnded, isConsequence } from '../../node/supervise/how-it-ended.ts';
import type { Instance } from '../../node/supervise/instance.ts';
import type { RunnerEvent } from '../../node/supervise/runner.ts';

/** How a request ended; there is exactly one of these a task. */
export type TaskOutcome =
  | { readonly kind: 'done'; readonly finishReason: FinishReason; readonly usage: TokenUsage }
  | { readonly kind: 'failed'; readonly class: string; readonly message: string }
  | { readonly kind: 'rank_failed'; readonly message: string }
  | { readonly kind: 'late'; readonly message: string }
  | { readonly kind: 'closing'; readonly message: string };

export interface TaskListener {
  onText(text: string): void;
  onOutcome(outcome: TaskOutcome): void;
}

export type Submitted =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'not_ready'; readonly reason: string }
  | { readonly kind: 'full' };
export type Cancelled = 'cancel_requested' | 'already_cancelled' | 'already_completed' | 'unknown';

export interface TaskBoard {
  submit(task: TaskOrder, listener: TaskListener): Submitted;
  cancel(commandId: string): Cancelled;
  /** Null when every rank is ready, else why the model cannot answer. */
  whyNotReady(): string | null;
  /** Ends every open task with a word why, and takes no more. */
  close(): void;
}

/** Requests that ranks hold at once: waiting there costs memory in every rank, and a client should hear "later" instead. */
export const maxOpenTasks = 32;
/** So many ended commands can still be told "already completed". */
const keptEnded = 256;
/** Over the task's own deadline, which the ranks keep themselves; the plane's is for ranks that cannot. */
const graceMs = 2_000;
/** A rank that lost its peer says so at once; who the peer was and how it ended is known when it has been reaped. */
const causeWaitMs = 1_000;
const closingReason = 'the plane is shutting down';

interface OpenTask {
  readonly task: TaskOrder;
  readonly listener: TaskListener;
  /** Ranks that have not yet said that they are through with it. */
  readonly busyRanks: Set<number>;
  readonly timer: NodeJS.Timeout;
  causeTimer: NodeJS.Timeout | null;
  settled: boolean;
  cancelled: boolean;
}

export interface TaskBoardOptions {
  /** A task was taken; called before any rank hears of it. */
  readonly onAccepted?: (task: TaskOrder) => void;
}

/** Hands each task to every rank and makes one outcome of what they all say. */
export function createTaskBoard(instance: Instance, { onAccepted }: TaskBoardOptions = {}): TaskBoard {
  const open = new Map<string, OpenTask>();
  const ended = new Map<string, 'cancelled' | 'completed'>();
  let closed = false;

  const settle = (one: OpenTask, outcome: TaskOutcome) => {
    if (one.settled) return;
    one.settled = true;
    clearTimeout(one.timer);
    if (one.causeTimer) clearTimeout(one.causeTimer);
    const cancelled = one.cancelled || (outcome.kind === 'done' && outcome.finishReason === 'cancelled');
    ended.set(one.task.commandId, cancelled ? 'cancelled' : 'completed');
    const [oldest] = ended.keys();
    if (ended.size > keptEnded && oldest !== undefined) ended.delete(oldest);
    one.listener.onOutcome(outcome);
  };
  /** For what is a consequence: gives the cause time to show itself. */
  const settleUnlessExplained = (one: OpenTask, outcome: () => TaskOutcome) => {
    one.causeTimer ??= setTimeout(() => settle(one, outcome()), causeWaitMs);
  };
  const rankFailed = (): TaskOutcome => ({ kind: 'rank_failed', message: whyNotReady(instance) ?? 'a rank ended' });
  const release = (one: OpenTask, rank: number) => {
    one.busyRanks.delete(rank);
    if (one.busyRanks.size === 0) open.delete(one.task.taskId);
  };
  const cancelOnAllRanks = (one: OpenTask) => {
    if (one.cancelled) return;
    one.cancelled = true;
    instance.broadcast({ type: 'cancel', taskId: one.task.taskId });
  };
  const onMessage = (rank: number, message: FromRunner) => {
    if (message.type !== 'token' && message.type !== 'done' && message.type !== 'failed') return;
    const one = message.taskId === null ? undefined : open.get(message.taskId);
    if (!one) return;
    if (message.type === 'token') {
      if (!one.settled && message.text !== '') one.listener.onText(message.text);
      return;
    }
    if (message.type === 'failed') {
      const outcome = { kind: 'failed', class: message.class, message: `rank ${rank}: ${message.message}` } as const;
      if (message.class === 'peer_lost') settleUnlessExplained(one, () => outcome);
      else settle(one, outcome);
    } else if (message.samples) settle(one, { kind: 'done', finishReason: message.finishReason, usage: message.usage });
    release(one, rank);
  };
  const unsubscribe = instance.subscribe((event: RunnerEvent) => {
    if (event.kind === 'message') return onMessage(event.rank, event.message);
    const cause = findCause(instance.runners.map(({ facts }) => facts));
    for (const one of [...open.values()]) {
      if (cause && isConsequence(cause)) settleUnlessExplained(one, rankFailed);
      else settle(one, rankFailed());
      release(one, event.rank);
    }
  });

  return {
    whyNotReady: () => (closed ? closingReason : whyNotReady(instance)),
    submit(task, listener) {
      const reason = closed ? closingReason : whyNotReady(instance);
      if (reason !== null) return { kind: 'not_ready', reason };
      if (open.size >= maxOpenTasks) return { kind: 'full' };
      const timer = setTimeout(() => {
        cancelOnAllRanks(one);
        settle(one, { kind: 'late', message: `no answer within ${task.deadlineMs} ms` });
      }, task.deadlineMs + graceMs);
      const busyRanks = new Set(instance.runners.map(({ facts }) => facts.assignment.rank));
      const one: OpenTask = { task, listener, busyRanks, timer, causeTimer: null, settled: false, cancelled: false };
      open.set(task.taskId, one);
      onAccepted?.(task);
      instance.broadcast({ type: 'task', task });
      return { kind: 'accepted' };
    },
    cancel(commandId) {
      const before = ended.get(commandId);
      if (before !== undefined) return before === 'cancelled' ? 'already_cancelled' : 'already_completed';
      const one = [...open.values()].find(({ task }) => task.commandId === commandId);
      if (!one) return 'unknown';
      if (one.cancelled) return 'already_cancelled';
      cancelOnAllRanks(one);
      return 'cancel_requested';
    },
    close() {
      closed = true;
      unsubscribe();
      for (const one of open.values()) settle(one, { kind: 'closing', message: closingReason });
    },
  };
}

function whyNotReady({ runners }: Instance): string | null {
  const cause = findCause(runners.map(({ facts }) => facts));
  if (cause) return howItEnded(cause);
  const waiting = runners.find(({ facts }) => facts.status !== 'RunnerReady' && facts.status !== 'RunnerRunning');
  return waiting ? `rank ${waiting.facts.assignment.rank} is not ready yet (${waiting.facts.status})` : null;
}
