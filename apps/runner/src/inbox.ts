import type { TaskId, TaskOrder } from '@rankscope/schema';
import { type EndWish, type Holding, strongest } from './agree-task.ts';

export interface HeldTask {
  readonly order: TaskOrder;
  /** When this rank got it; the task's deadline counts from here. */
  readonly heldSinceMs: number;
  readonly wish: EndWish;
}

export interface Inbox {
  offer(order: TaskOrder): 'taken' | 'known' | 'full';
  /** False for a task that is not held. */
  wish(taskId: string, wish: EndWish): boolean;
  holdings(): readonly Holding[];
  /** Tasks that came since this was asked last. */
  takeArrivals(): readonly HeldTask[];
  /** Removes a task: it runs now, or it has failed. */
  take(taskId: string): HeldTask | null;
  /** Wishes `deadline` for every held task whose time is up. */
  expire(): void;
  /** Until there is a task, or the inbox is closed. This is where an idle rank waits: it costs nothing. */
  untilTask(): Promise<void>;
  /** Until something comes or changes, at most so long. */
  untilChange(atMostMs: number): Promise<void>;
  /** Ends all waiting; nothing is taken from now on. */
  close(): void;
  readonly closed: boolean;
}

/** A plane that runs this far ahead of its ranks has lost count; what is over the bound is refused, not forgotten. */
export const inboxBound = 256;

export function createInbox(nowMs: () => number): Inbox {
  const held = new Map<TaskId | string, HeldTask>();
  let arrivals: string[] = [];
  let waiting: (() => void)[] = [];
  let closed = false;

  const changed = (): void => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  const untilChange = (atMostMs: number | null): Promise<void> =>
    new Promise((resolve) => {
      const timer = atMostMs === null ? undefined : setTimeout(resolve, atMostMs);
      waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  const wish = (taskId: string, wanted: EndWish): boolean => {
    const task = held.get(taskId);
    if (task === undefined) return false;
    held.set(taskId, { ...task, wish: strongest([task.wish, wanted]) });
    changed();
    return true;
  };

  return {
    wish,
    offer(order) {
      if (held.has(order.taskId)) return 'known';
      if (closed || held.size >= inboxBound) return 'full';
      held.set(order.taskId, { order, heldSinceMs: nowMs(), wish: 'none' });
      arrivals.push(order.taskId);
      changed();
      return 'taken';
    },
    holdings: () => [...held.values()].map((task) => ({ taskId: task.order.taskId, wish: task.wish })),
    takeArrivals() {
      const tasks = arrivals.flatMap((taskId) => held.get(taskId) ?? []);
      arrivals = [];
      return tasks;
    },
    take(taskId) {
      const task = held.get(taskId) ?? null;
      held.delete(taskId);
      return task;
    },
    expire() {
      const now = nowMs();
      for (const { order, heldSinceMs } of [...held.values()]) {
        if (now - heldSinceMs >= order.deadlineMs) wish(order.taskId, 'deadline');
      }
    },
    async untilTask() {
      while (!closed && held.size === 0) await untilChange(null);
    },
    untilChange: (atMostMs) => (closed ? Promise.resolve() : untilChange(atMostMs)),
    close() {
      closed = true;
      changed();
    },
    get closed() {
      return closed;
    },
  };
}
