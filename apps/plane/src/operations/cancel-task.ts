import { ProblemError } from '@rankscope/schema';
import type { Context } from './context.ts';

export interface CancelAnswer {
  readonly commandId: string;
  readonly status: 'cancel_requested' | 'already_cancelled' | 'already_completed';
}

/** Asks all ranks to stop working on a command. They agree among themselves when. */
export function cancelTask({ serving }: Context, commandId: string): CancelAnswer {
  const status = serving()?.board.cancel(commandId) ?? 'unknown';
  if (status === 'unknown') throw new ProblemError('task_not_found', `No command ${commandId} is known here.`);
  return { commandId, status };
}
