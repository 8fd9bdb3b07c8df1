import { type Clock, type Log, logLevels } from '@rankscope/daemon';
import type { TaskOrder } from '@rankscope/schema';
import type { Config } from './config.ts';
import { createTaskBoard } from './control/route/task-board.ts';
import { findCause, howItEnded } from './node/supervise/how-it-ended.ts';
import type { Instance } from './node/supervise/instance.ts';
import type { Serving } from './operations/context.ts';
import type { ParentChannel } from './parent-channel.ts';
import { startModel } from './start-model.ts';

export interface OpenModelOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
  readonly parent: ParentChannel;
  readonly nodeId: string;
  readonly bootId: string;
  readonly runnersDir: string;
  /** A command was taken; called before any rank hears of it. */
  readonly onCommand: (commandId: string, kind: string) => void;
}

/** The model this plane was asked to serve, from the first byte fetched to the last rank reaped. */
export interface Model {
  /** Returns at once; progress is told to the log and to the parent. */
  start(): void;
  serving(): Serving | null;
  whyNot(): string;
  /** Ends open answers with a word why; while the port is still open, so that somebody hears it. */
  endAnswers(): void;
  close(): Promise<void>;
  readonly closeDeadlineMs: number;
}

/** 5 s by themselves, then SIGTERM and SIGKILL a second each, and some air. */
const closeDeadlineMs = 9_000;

export function openModel(options: OpenModelOptions): Model {
  const { config, log, parent } = options;
  const { model } = config.model;
  const stopped = new AbortController();
  let serving: Serving | null = null;
  let whyNot = model === null ? 'this plane was started without a model' : 'the model is being prepared';
  let starting: Promise<void> = Promise.resolve();

  const fail = (reason: string) => {
    whyNot = reason;
    log.error('no model is served', { reason });
    parent.tell({ type: 'failed', reason });
  };
  const onProgress = (text: string) => {
    log.info('preparing the model', { step: text });
    tellProgress(options, text);
  };
  const onAccepted = ({ commandId }: TaskOrder) => options.onCommand(commandId, 'chat');
  const bringUp = async (name: string) => {
    try {
      const started = await startModel({ ...options, model: name, onProgress, signal: stopped.signal });
      if (started.kind === 'refused') {
        if (!stopped.signal.aborted) fail(started.reason);
        return;
      }
      serving = { instance: started.instance, board: createTaskBoard(started.instance, { onAccepted }) };
      tellAbout(started.instance, options);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const fix = message.includes('ENOSPC') ? '. Free some room there, or choose another place with --data DIR.' : '';
      fail(message + fix);
    }
  };

  return {
    start() {
      if (model === null) parent.tell({ type: 'ready', modelId: null });
      else starting = bringUp(model);
    },
    serving: () => serving,
    whyNot: () => whyNot,
    endAnswers: () => serving?.board.close(),
    async close() {
      stopped.abort();
      await starting;
      serving?.board.close();
      await serving?.instance.close();
    },
    closeDeadlineMs,
  };
}

/** Progress is news of the level `info`: who asked for less is not told by the parent either. */
function tellProgress({ config, parent }: OpenModelOptions, text: string): void {
  if (logLevels.indexOf(config.logLevel) >= logLevels.indexOf('info')) parent.tell({ type: 'progress', text });
}

/** Tells the log and the parent when the ranks get on, are all ready, or end. */
function tellAbout(instance: Instance, options: OpenModelOptions): void {
  const { log, parent } = options;
  let ready = false;
  instance.subscribe((event) => {
    const facts = instance.runners[event.rank]?.facts;
    if (!facts) return;
    if (event.kind === 'ended') {
      const level = facts.exitCode === 0 ? 'info' : 'error';
      log[level]('a rank has ended', { rank: event.rank, how: howItEnded(facts), runnerId: facts.assignment.runnerId });
      const cause = findCause(instance.runners.map((runner) => runner.facts)) ?? facts;
      if (!ready && cause.exitCode !== 0) parent.tell({ type: 'failed', reason: howItEnded(cause) });
      return;
    }
    if (event.message.type !== 'status') return;
    const { status, detail, progress } = event.message;
    const done = progress ? ` ${progress.done}/${progress.total}` : '';
    if (!ready) tellProgress(options, `rank ${event.rank}: ${status}${detail ? ` (${detail})` : ''}${done}`);
    if (ready || !instance.runners.every((runner) => runner.facts.status === 'RunnerReady')) return;
    ready = true;
    log.info('the model is ready', {
      modelId: instance.modelId,
      instanceId: instance.instanceId,
      ranks: instance.runners.length,
    });
    parent.tell({ type: 'ready', modelId: instance.modelId });
  });
}
