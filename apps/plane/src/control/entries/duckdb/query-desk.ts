import { messageOf } from './open-database.ts';
import { TooMuchError } from './row-texts.ts';
import type { Session } from './session.ts';

export interface QueryDesk {
  /** Runs a question when those before it are answered. Its `check` throws when its time is over. */
  ask<T>(question: (session: Session, check: () => void) => Promise<T>): Promise<T>;
  /** True when no question runs; then none begins until `resume`. Otherwise `onPaused` is called when it is so. */
  pause(): boolean;
  resume(): void;
  /** Ends the running question and refuses those that wait; resolves when nothing runs any more. */
  close(): Promise<void>;
}

/** One question at a time, because each may take DuckDB's memory; more than so many that wait are a flood. */
const maxWaiting = 32;
/** From being asked to the answer. Whoever looks at a screen has given up by then, and appends want the disk. */
const defaultDeadlineMs = 5_000;

export class QueryRefusedError extends Error {
  override readonly name = 'QueryRefusedError';
  readonly kind: 'full' | 'tooMuch' | 'unavailable';

  constructor(kind: 'full' | 'tooMuch' | 'unavailable', message: string) {
    super(message);
    this.kind = kind;
  }
}

const whatHelps = 'ask for a shorter time, fewer runners or fewer entries of each';

function isTooMuch(error: unknown): boolean {
  return error instanceof TooMuchError || /out of memory/i.test(messageOf(error));
}

interface Waiting {
  readonly run: () => Promise<void>;
  readonly refuse: (error: QueryRefusedError) => void;
}

export interface QueryDeskOptions {
  readonly session: Session;
  readonly onPaused: () => void;
  readonly deadlineMs?: number;
}

export function createQueryDesk(options: QueryDeskOptions): QueryDesk {
  const { session, onPaused, deadlineMs = defaultDeadlineMs } = options;
  const waiting: Waiting[] = [];
  let running: Promise<void> | null = null;
  let paused = false;
  let closed = false;

  const next = () => {
    if (running !== null) return;
    if (paused) return onPaused();
    const first = waiting.shift();
    if (first === undefined) return;
    running = first.run().then(() => {
      running = null;
      next();
    });
  };

  return {
    ask(question) {
      if (closed) return Promise.reject(new QueryRefusedError('unavailable', 'the store was closed'));
      if (waiting.length >= maxWaiting)
        return Promise.reject(new QueryRefusedError('full', `${maxWaiting} questions already wait for the store`));
      return new Promise((done, fail) => {
        const endMs = performance.now() + deadlineMs;
        const late = () =>
          new QueryRefusedError(
            closed ? 'unavailable' : 'tooMuch',
            closed ? 'the store was closed' : `not answered in ${deadlineMs} ms: ${whatHelps}`,
          );
        let interrupted = false;
        const isLate = () => closed || interrupted || performance.now() >= endMs;
        const check = () => {
          if (isLate()) throw late();
        };
        const run = async () => {
          // A timer may come a fraction of a millisecond before its time: that it came is what counts.
          const interrupt = () => {
            interrupted = true;
            session.interrupt();
          };
          const timer = setTimeout(interrupt, Math.max(0, endMs - performance.now()));
          try {
            check();
            done(await question(session, check));
          } catch (error) {
            // What DuckDB says when it is interrupted is not why.
            if (isLate()) fail(late());
            else fail(isTooMuch(error) ? new QueryRefusedError('tooMuch', `${messageOf(error)}: ${whatHelps}`) : error);
          } finally {
            clearTimeout(timer);
          }
        };
        waiting.push({ run, refuse: fail });
        next();
      });
    },
    pause() {
      paused = true;
      return running === null;
    },
    resume() {
      paused = false;
      next();
    },
    async close() {
      closed = true;
      for (const { refuse } of waiting.splice(0)) refuse(new QueryRefusedError('unavailable', 'the store was closed'));
      if (running === null) return;
      session.interrupt();
      await running;
    },
  };
}
