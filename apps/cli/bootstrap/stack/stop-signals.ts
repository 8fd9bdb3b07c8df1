import { exitCodes } from '../../src/usage-error.ts';

export interface StopSignals {
  /** Aborted by the first one. */
  readonly signal: AbortSignal;
  /** Resolves with the first one. */
  readonly came: Promise<void>;
  /** As a plane's: interrupted by a person is 130, asked by a supervisor is 0. */
  code(): number;
  close(): void;
}

/** `onSecond` runs when the person will not wait. */
export function openStopSignals(onSecond: () => void, source: NodeJS.Process = process): StopSignals {
  const abort = new AbortController();
  const came = Promise.withResolvers<void>();
  let code: number = exitCodes.fine;
  const hear = (name: NodeJS.Signals) => {
    if (abort.signal.aborted) return onSecond();
    if (name === 'SIGINT') code = exitCodes.interrupted;
    abort.abort();
    came.resolve();
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) source.on(name, hear);
  return {
    signal: abort.signal,
    came: came.promise,
    code: () => code,
    close: () => {
      for (const name of names) source.off(name, hear);
    },
  };
}
