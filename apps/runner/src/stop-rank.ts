import { announce, type Rank } from './rank.ts';

export interface Stop {
  /** Asked for by the plane or by SIGTERM. The second time changes nothing: the deadlines below run already. */
  begin(reason: string): void;
  readonly begun: boolean;
}

/** All ranks are asked together and agree on the step in which they stop; a step takes less than a second. */
const abortAfterMs = 2_000;
/** An aborted collective returns within milliseconds. What has not returned by now will not. */
const leaveAfterMs = 3_000;

/** The wanted end: the running task is cancelled, the inbox closed, and run.ts comes to its last step by itself. */
export function createStop({ rank, leave }: { readonly rank: Rank; readonly leave: () => void }): Stop {
  let begun = false;
  return {
    begin(reason) {
      if (begun) return;
      begun = true;
      rank.log.info('shutting down', { reason });
      rank.inbox.close();
      rank.current.task?.end('cancel');
      // Connecting and loading cannot be asked to stop, and nothing of value is under way.
      if (!rank.current.serving) return leaveEarly(rank, leave);
      setTimeout(() => rank.engine.abort(reason), abortAfterMs).unref();
      setTimeout(() => leaveEarly(rank, leave), leaveAfterMs).unref();
    },
    get begun() {
      return begun;
    },
  };
}

function leaveEarly(rank: Rank, leave: () => void): void {
  rank.writer.record({
    phase: 'shutdown_cleanup',
    kind: 'enter',
    event: 'enter',
    rare: true,
    detail: 'without waiting',
  });
  rank.writer.record({ phase: 'shutdown_cleanup', kind: 'exit', event: 'aborted', rare: true });
  announce(rank, 'RunnerShutdown');
  leave();
}
