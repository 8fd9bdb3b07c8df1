import type { Log } from './log.ts';

export interface ShutdownOptions {
  readonly log: Log;
  /** Ends the process. */
  readonly exit: (code: number) => void;
  /** How long one close function may take, unless it says otherwise. */
  readonly closeDeadlineMs?: number;
}

export interface Shutdown {
  /** Registers what was just opened. Closed last in, first out. Returns a function that takes it off again. */
  add(name: string, close: () => void | Promise<void>, options?: { readonly deadlineMs?: number }): () => void;
  /** Closes everything, then exits. A second call waits for the first; the first one's code counts. */
  run(code: number, reason: string): Promise<void>;
  /** SIGINT and SIGTERM run the shutdown; a second one ends the process at once. Returns a function that stops listening. */
  listen(signals?: SignalSource): () => void;
  /** Aborted when the shutdown begins: what waits can stop waiting. */
  readonly signal: AbortSignal;
}

export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** A shell's code for "ended by SIGINT"; SIGTERM is a supervisor's polite request and ends with 0. */
const interruptedCode = 130;
/** A second signal: the person will not wait. */
const forcedCode = 130;
/** Longer than a flush over a slow disk takes, shorter than a supervisor's usual 10 s before SIGKILL. */
const defaultCloseDeadlineMs = 3_000;

/** The one way a process of ours ends: in the reverse order of its beginning, each step under a deadline. */
export function createShutdown(options: ShutdownOptions): Shutdown {
  const { log, exit, closeDeadlineMs = defaultCloseDeadlineMs } = options;
  const steps: { name: string; close: () => void | Promise<void>; deadlineMs: number }[] = [];
  const abort = new AbortController();
  let running: Promise<void> | null = null;

  const closeAll = async (code: number, reason: string): Promise<void> => {
    log.info('shutting down', { reason });
    abort.abort(new Error(`shutting down: ${reason}`));
    // What is opened while we close is closed too, hence no loop over a copy.
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      const outcome = await closeOne(step);
      if (outcome !== null) log.error('could not close', { step: step.name, error: outcome });
    }
    exit(code);
  };
  const run = (code: number, reason: string): Promise<void> => {
    running ??= closeAll(code, reason);
    return running;
  };

  return {
    signal: abort.signal,
    add(name, close, { deadlineMs = closeDeadlineMs } = {}) {
      const step = { name, close, deadlineMs };
      steps.push(step);
      return () => {
        const index = steps.indexOf(step);
        if (index >= 0) steps.splice(index, 1);
      };
    },
    run,
    listen(signals = process) {
      const on = (signal: 'SIGINT' | 'SIGTERM') => () => {
        if (running !== null) {
          log.warn('second signal, ending at once', { signal });
          exit(forcedCode);
        } else void run(signal === 'SIGINT' ? interruptedCode : 0, signal);
      };
      const listeners = { SIGINT: on('SIGINT'), SIGTERM: on('SIGTERM') };
      signals.on('SIGINT', listeners.SIGINT);
      signals.on('SIGTERM', listeners.SIGTERM);
      return () => {
        signals.off('SIGINT', listeners.SIGINT);
        signals.off('SIGTERM', listeners.SIGTERM);
      };
    },
  };
}

/** Null when it closed, else what went wrong. One that fails or hangs must not keep the others open. */
async function closeOne(step: { close: () => void | Promise<void>; deadlineMs: number }): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`not closed in ${step.deadlineMs} ms`), step.deadlineMs);
  });
  try {
    return await Promise.race([Promise.resolve(step.close()).then(() => null), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
