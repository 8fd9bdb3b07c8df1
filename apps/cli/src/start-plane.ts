import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { showProgress } from './show-progress.ts';
import type { Terminal } from './terminal.ts';
import { exitCodes } from './usage-error.ts';

/** What a plane tells the process that started it. */
type FromPlane =
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'cluster'; readonly text: string }
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'ready'; readonly modelId: string | null }
  | { readonly type: 'failed'; readonly reason: string };

export type Readiness =
  | { readonly kind: 'ready'; readonly url: string; readonly modelId: string | null }
  /** `told` when the reason stands on standard error already. */
  | { readonly kind: 'failed'; readonly reason: string; readonly told: boolean };

export interface StartedPlane {
  readonly pid: number | undefined;
  /** Null when it ended before it listened. */
  readonly listening: Promise<string | null>;
  readonly ready: Promise<Readiness>;
  /** Its exit code. */
  readonly ended: Promise<number>;
  /** Aborted when it has ended. */
  readonly signal: AbortSignal;
  hasEnded(): boolean;
  /** Ends it and resolves to the code, or to its own if it had failed by itself. */
  end(code: number): Promise<number>;
}

export interface StartPlaneOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readyDeadlineMs: number;
  readonly terminal: Terminal;
  /** Another program in its place, for tests. */
  readonly main?: string;
}

/** A plane ends its ranks first and closes what it wrote; past this it is stuck. */
const endDeadlineMs = 15_000;

export function startPlane({
  args,
  env,
  readyDeadlineMs,
  terminal,
  main = planeMain,
}: StartPlaneOptions): StartedPlane {
  // Its own process group: a terminal's Ctrl-C would reach it beside the one we forward, and the second of two means
  // "at once". Should we be killed, the closed channel ends it.
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...env },
    detached: true,
  });
  const progress = showProgress(terminal);
  const gone = new AbortController();
  const listening = Promise.withResolvers<string | null>();
  const ready = Promise.withResolvers<Readiness>();
  const ended = Promise.withResolvers<number>();
  let url = '';
  let ending = false;
  let forwarded = false;

  const timer = setTimeout(
    () => fail(`the model was not ready after ${readyDeadlineMs / 60_000} minutes`),
    readyDeadlineMs,
  );
  const fail = (reason: string, told = false) => ready.resolve({ kind: 'failed', reason, told });
  void ready.promise.then(() => {
    clearTimeout(timer);
    progress.end();
  });

  child.on('message', (message) => {
    const told = message as FromPlane;
    if (told.type === 'listening') {
      url = told.url;
      listening.resolve(url);
    } else if (told.type === 'cluster') {
      progress.end();
      terminal.tell(told.text);
    } else if (told.type === 'progress') progress.show(told.text);
    else if (told.type === 'ready') ready.resolve({ kind: 'ready', url, modelId: told.modelId });
    else if (told.type === 'failed') fail(told.reason);
  });
  child.once('error', (error) => finish(exitCodes.failed, `the plane could not be started: ${error.message}`));
  child.once('exit', (code, signal) => {
    if (signal === null) return finish(code ?? exitCodes.failed, `the plane ended with code ${code}`);
    const killed = `the plane (pid ${child.pid}) was killed by ${signal}`;
    const wanted = ending || forwarded;
    // A process that ends by itself says why; one that is killed cannot.
    if (!wanted) {
      progress.end();
      terminal.tell(`rankscope: ${killed}`);
    }
    finish(exitCodes.failed, killed, !wanted);
  });

  function finish(code: number, reason: string, told = false): void {
    stopForwarding();
    fail(reason, told);
    listening.resolve(null);
    gone.abort();
    ended.resolve(ending && code === exitCodes.interrupted ? exitCodes.fine : code);
  }
  const stopForwarding = forwardSignals(child, () => {
    forwarded = true;
  });

  return {
    pid: child.pid,
    listening: listening.promise,
    ready: ready.promise,
    ended: ended.promise,
    signal: gone.signal,
    hasEnded: () => gone.signal.aborted,
    async end(code) {
      if (gone.signal.aborted) return (await ended.promise) || code;
      ending = true;
      child.kill('SIGTERM');
      const last = setTimeout(() => child.kill('SIGKILL'), endDeadlineMs);
      await ended.promise;
      clearTimeout(last);
      return code;
    },
  };
}

const planeMain = fileURLToPath(new URL('../../plane/src/main.ts', import.meta.url));

function forwardSignals(child: ChildProcess, onForward: () => void): () => void {
  const signals = { SIGINT: 'SIGINT', SIGTERM: 'SIGTERM', SIGHUP: 'SIGTERM' } as const;
  const forwards = Object.entries(signals).map(([heard, sent]) => {
    const forward = () => {
      onForward();
      child.kill(sent);
    };
    return [heard, forward] as const;
  });
  for (const [heard, forward] of forwards) process.on(heard, forward);
  return () => {
    for (const [heard, forward] of forwards) process.off(heard, forward);
  };
}
