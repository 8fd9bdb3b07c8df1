import { type ChildProcess, spawn } from 'node:child_process';
import { type Assignment, FromRunner, type RunnerStatusKind, type ToRunner } from '@rankscope/schema';
import { openRunnerLog } from './runner-log.ts';
import type { LayerRange } from './shard-layers.ts';

/** What the supervisor knows of a rank's process, whether or not its recorder can be read. */
export interface RunnerFacts {
  readonly assignment: Assignment;
  readonly layers: LayerRange;
  readonly supervisorRingPath: string;
  pid: number | null;
  alive: boolean;
  exitCode: number | null;
  exitSignal: string | null;
  status: RunnerStatusKind;
  statusDetail: string | null;
  statusSinceNs: bigint;
  errorMessage: string | null;
  /** When the process was found to have ended; null while it lives. */
  endedAtNs: bigint | null;
  /** Why this rank was asked to end although nothing was wrong with it; null when it was not. */
  askedToEnd: string | null;
  readonly pendingTaskIds: Set<string>;
  completedTaskCount: number;
  cancelledTaskIds: string[];
  /** Tokens that the rank said it sampled. */
  tokens: number;
}

export type RunnerEvent =
  | { readonly kind: 'message'; readonly rank: number; readonly message: FromRunner }
  | { readonly kind: 'ended'; readonly rank: number };

export interface Runner {
  readonly facts: Readonly<RunnerFacts>;
  /** False when the process is gone and nobody will read it. */
  send(message: ToRunner): boolean;
  signal(name: NodeJS.Signals): boolean;
  /** Asks the rank to end because the group is lost, and remembers why. Only the first reason counts. */
  askToEnd(reason: string): void;
  trimLog(): void;
  /** Settles when the process has been reaped, or could not be started. */
  readonly ended: Promise<void>;
}

export interface RunnerOptions {
  readonly assignment: Assignment;
  readonly layers: LayerRange;
  readonly runnerMain: string;
  readonly logPath: string;
  readonly supervisorRingPath: string;
  readonly monoNs: () => bigint;
  readonly onEvent: (event: RunnerEvent) => void;
}

/** Cancelled task ids that are remembered, newest last. */
const keptCancelled = 64;

/** Starts the process of one rank and hands it its assignment. A runner that has ended stays ended. */
export function startRunner(options: RunnerOptions): Runner {
  const { assignment, onEvent } = options;
  const log = openRunnerLog(options.logPath);
  const child = spawn(process.execPath, [options.runnerMain], { stdio: ['ignore', log.fd, log.fd, 'ipc'] });
  const facts = firstFacts(options, child);
  const send = (message: ToRunner): boolean => sendTo(child, facts, message);

  child.on('message', (raw) => {
    const parsed = FromRunner.safeParse(raw);
    if (!parsed.success) return;
    applyMessage(facts, parsed.data, options.monoNs());
    onEvent({ kind: 'message', rank: assignment.rank, message: parsed.data });
  });
  const ended = new Promise<void>((done) => {
    let reaped = false;
    const end = (code: number | null, signal: string | null, why: string | null) => {
      if (reaped) return;
      reaped = true;
      applyEnd(facts, { code, signal, why: why ?? log.lastLine() }, options.monoNs());
      log.close();
      onEvent({ kind: 'ended', rank: assignment.rank });
      done();
    };
    child.once('exit', (code, signal) => end(code, signal, null));
    child.once('error', (error) => {
      if (facts.pid === null) end(null, null, `could not be started: ${error.message}`);
    });
  });
  send({ type: 'assign', assignment });
  return {
    facts,
    send,
    signal: (name) => facts.alive && child.kill(name),
    askToEnd(reason) {
      if (!facts.alive || facts.askedToEnd !== null) return;
      facts.askedToEnd = reason;
      send({ type: 'shutdown', reason });
    },
    trimLog: () => {
      if (facts.alive) log.trim();
    },
    ended,
  };
}

function firstFacts(options: RunnerOptions, child: ChildProcess): RunnerFacts {
  return {
    assignment: options.assignment,
    layers: options.layers,
    supervisorRingPath: options.supervisorRingPath,
    pid: child.pid ?? null,
    alive: child.pid !== undefined,
    exitCode: null,
    exitSignal: null,
    status: 'RunnerIdle',
    statusDetail: null,
    statusSinceNs: options.monoNs(),
    errorMessage: null,
    endedAtNs: null,
    askedToEnd: null,
    pendingTaskIds: new Set(),
    completedTaskCount: 0,
    cancelledTaskIds: [],
    tokens: 0,
  };
}

function sendTo(child: ChildProcess, facts: RunnerFacts, message: ToRunner): boolean {
  if (!facts.alive || !child.connected) return false;
  if (message.type === 'task') facts.pendingTaskIds.add(message.task.taskId);
  // The callback takes the error of a channel that broke in between; `exit` tells the rest.
  child.send(message, () => undefined);
  return true;
}

function applyMessage(facts: RunnerFacts, message: FromRunner, nowNs: bigint): void {
  switch (message.type) {
    case 'status':
      // Its last words may be read after the process was reaped.
      if (!facts.alive) return;
      if (facts.status !== message.status) facts.statusSinceNs = nowNs;
      facts.status = message.status;
      facts.statusDetail = message.detail;
      return;
    case 'token':
      facts.tokens += message.tokens;
      return;
    case 'done':
      facts.pendingTaskIds.delete(message.taskId);
      facts.completedTaskCount += 1;
      if (message.finishReason === 'cancelled') {
        facts.cancelledTaskIds = [...facts.cancelledTaskIds, message.taskId].slice(-keptCancelled);
      }
      return;
    case 'failed':
      if (message.taskId === null) facts.errorMessage = message.message;
      else facts.pendingTaskIds.delete(message.taskId);
      return;
    case 'captured':
      return;
  }
}

function applyEnd(
  facts: RunnerFacts,
  end: { code: number | null; signal: string | null; why: string | null },
  nowNs: bigint,
): void {
  const clean = end.code === 0;
  facts.alive = false;
  facts.exitCode = end.code;
  facts.exitSignal = end.signal;
  facts.status = clean ? 'RunnerShutdown' : 'RunnerFailed';
  facts.statusSinceNs = nowNs;
  facts.endedAtNs = nowNs;
  facts.pendingTaskIds.clear();
  if (facts.askedToEnd !== null) facts.errorMessage = facts.askedToEnd;
  else if (!clean) facts.errorMessage ??= end.signal === null ? end.why : `killed by ${end.signal}`;
}
