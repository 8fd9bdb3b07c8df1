import { ProblemError, type TaskOrder } from '@rankscope/schema';
import { maxOpenTasks, type TaskBoard, type TaskOutcome } from './task-board.ts';

/** One request's text as it comes, and how it ended. */
export interface TaskStream {
  /** Ends with the outcome. Whoever leaves it early cancels the task on all ranks. */
  pieces(): AsyncGenerator<string>;
  readonly outcome: Promise<TaskOutcome>;
}

/** Text that a client has not fetched yet; one that does not read at all is gone. */
const maxBacklogChars = 4 * 1024 * 1024;

/** Submits a task; throws a ProblemError when nobody can take it. */
export function openTaskStream(board: TaskBoard, task: TaskOrder, signal: AbortSignal): TaskStream {
  const { promise: outcome, resolve } = Promise.withResolvers<TaskOutcome>();
  let pieces: string[] = [];
  let backlogChars = 0;
  let ended = false;
  let wake: () => void = () => undefined;
  const cancel = () => void board.cancel(task.commandId);

  const submitted = board.submit(task, {
    onText(text) {
      pieces.push(text);
      backlogChars += text.length;
      if (backlogChars > maxBacklogChars) cancel();
      wake();
    },
    onOutcome(how) {
      ended = true;
      signal.removeEventListener('abort', cancel);
      resolve(how);
      wake();
    },
  });
  if (submitted.kind === 'not_ready')
    throw new ProblemError('instance_not_ready', `The model cannot answer now: ${submitted.reason}.`);
  if (submitted.kind === 'full')
    throw new ProblemError('too_many_requests', `${maxOpenTasks} requests are already open; try again shortly.`);
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();

  return {
    outcome,
    async *pieces() {
      try {
        while (true) {
          const ready = pieces;
          pieces = [];
          backlogChars = 0;
          yield* ready;
          if (ended && pieces.length === 0) return;
          if (pieces.length === 0) await new Promise<void>((done) => (wake = done));
        }
      } finally {
        if (!ended) cancel();
      }
    },
  };
}
