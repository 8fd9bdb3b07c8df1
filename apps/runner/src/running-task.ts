import type { FlightWriter } from '@rankscope/flight-recorder';
import type { TaskId } from '@rankscope/schema';
import { type EndWish, strongest } from './agree-task.ts';
import type { HeldTask } from './inbox.ts';
import { recordMoment } from './record-moment.ts';

/** The task between agreement and its end. */
export interface RunningTask {
  readonly taskId: TaskId;
  readonly wish: EndWish;
  /** This rank would like it to end. All ranks end it in the same step, or it ends by itself before. */
  end(wish: EndWish): void;
  close(): void;
}

export interface RunningTaskOptions {
  readonly held: HeldTask;
  readonly writer: FlightWriter;
  readonly nowMs: () => number;
  readonly cancelEngine: () => void;
}

/** Watches the task's own deadline, which counts from the moment in which this rank got the task. */
export function openRunningTask({ held, writer, nowMs, cancelEngine }: RunningTaskOptions): RunningTask {
  const { taskId, deadlineMs } = held.order;
  let wish: EndWish = held.wish;
  const end = (wanted: EndWish): void => {
    const before = wish;
    wish = strongest([wish, wanted]);
    if (wish === before) return;
    if (wanted === 'cancel') recordMoment(writer, 'cancel_requested', { event: 'enter' });
    if (wanted === 'deadline')
      recordMoment(writer, 'cancel_requested', { event: 'deadline_passed', detail: `task deadline ${deadlineMs} ms` });
    cancelEngine();
  };
  const leftMs = Math.max(0, deadlineMs - (nowMs() - held.heldSinceMs));
  const timer = setTimeout(() => end('deadline'), Math.min(leftMs, longestTimerMs));
  return {
    taskId,
    end,
    close: () => clearTimeout(timer),
    get wish() {
      return wish;
    },
  };
}

/** Node fires a longer timer at once. Twenty-four days is for ever here. */
const longestTimerMs = 2 ** 31 - 1;
