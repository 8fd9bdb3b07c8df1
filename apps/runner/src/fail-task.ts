import type { FailureClass, TaskId } from '@rankscope/schema';
import type { Rank } from './rank.ts';

/** This task ends as failed; the rank goes on. */
export function failTask(
  rank: Pick<Rank, 'send' | 'writer' | 'log'>,
  taskId: TaskId,
  failure: FailureClass,
  message: string,
): void {
  rank.writer.record({ phase: 'error', kind: 'mark', event: 'error', detail: `${failure}: ${message}`, rare: true });
  rank.log.warn('task failed', { taskId, class: failure, message });
  rank.send({ type: 'failed', taskId, class: failure, message });
}
