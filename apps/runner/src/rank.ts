import type { Log } from '@rankscope/daemon';
import type { FlightWriter } from '@rankscope/flight-recorder';
import type { Assignment, FromRunner, RunnerStatusKind } from '@rankscope/schema';
import type { LoadedModel, RankEngine } from './engine/engine.ts';
import type { Inbox } from './inbox.ts';
import type { Prompter } from './prompt.ts';
import type { RunningTask } from './running-task.ts';

/** What all parts of a rank's life share. */
export interface Rank {
  readonly assignment: Assignment;
  readonly writer: FlightWriter;
  readonly engine: RankEngine;
  readonly inbox: Inbox;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Opens tokenizer and template of the model directory. */
  readonly openPrompter: () => Prompter;
  send(message: FromRunner): void;
  readonly current: Current;
}

/** Where the rank is in its life, for what comes from outside. */
export interface Current {
  /** Between agreement and its end: whom a cancel concerns. */
  task: RunningTask | null;
  connecting: boolean;
  /** From here on a shutdown finds an inbox that it can close. */
  serving: boolean;
}

export interface ReadyRank extends Rank {
  readonly model: LoadedModel;
  readonly prompter: Prompter;
}

export interface Announcement {
  readonly detail?: string;
  readonly progress?: { readonly done: number; readonly total: number };
}

/** Tells the plane, and the recorder: a status must be readable when the plane that heard it is gone. */
export function announce(
  rank: Pick<Rank, 'send' | 'writer'>,
  status: RunnerStatusKind,
  { detail, progress }: Announcement = {},
): void {
  rank.send({ type: 'status', status, detail: detail ?? null, progress: progress ?? null });
  // Progress is recorded by the phase it belongs to; here it would push the lifecycle out of the rare ring.
  if (progress === undefined)
    rank.writer.record({ phase: phaseOfStatus[status], kind: 'mark', event: 'status', detail: status, rare: true });
}

/** The one rank that samples: it detokenises, sends text, and sees stop sequences. */
export function samples({ plan, rank, worldSize }: Assignment): boolean {
  return rank === (plan === 'pipeline' ? worldSize - 1 : 0);
}

const phaseOfStatus = {
  RunnerIdle: 'created',
  RunnerConnecting: 'connect_group',
  RunnerConnected: 'connect_group',
  RunnerLoading: 'load_model',
  RunnerLoaded: 'load_model',
  RunnerWarmingUp: 'warmup',
  RunnerReady: 'idle',
  RunnerRunning: 'task_submission',
  RunnerShuttingDown: 'shutdown_cleanup',
  RunnerShutdown: 'shutdown_cleanup',
  RunnerFailed: 'error',
} as const satisfies Record<RunnerStatusKind, string>;
