import { withPhase } from '@rankscope/flight-recorder';
import { type Agreement, agree, decodeTable, type EndWish, encodeTable } from './agree-task.ts';
import { failTask } from './fail-task.ts';
import type { HeldTask } from './inbox.ts';
import type { Rank } from './rank.ts';

export interface NextTask {
  readonly held: HeldTask;
  /** Not `none`: it ends on all ranks without having begun. */
  readonly wish: EndWish;
}

/** Ranks get their messages within milliseconds of each other; after so long one of them will never get its own. */
export const nothingInCommonMs = 10_000;
/** A pause between two rounds with nothing in common; it ends early when something comes. */
const roundPauseMs = 5;

/**
 * Takes what came, and agrees with the other ranks on what is next. Null when this rank holds nothing: it then rests
 * at its inbox, and enters no collective.
 */
export async function nextTask(rank: Rank): Promise<NextTask | null> {
  submitArrivals(rank);
  if (rank.inbox.closed || rank.inbox.holdings().length === 0) return null;
  const agreement = await withPhase(rank.writer, 'task_agreement', () => untilAgreed(rank));
  switch (agreement.kind) {
    case 'task': {
      const held = rank.inbox.take(agreement.taskId);
      return held === null ? null : { held, wish: agreement.wish };
    }
    case 'gave_up':
      for (const taskId of agreement.taskIds) dropUnshared(rank, taskId);
      return nextTask(rank);
    case 'nothing':
      return null;
  }
}

/** Each arrival is seen in the recorder as one submission, with its ids. */
function submitArrivals({ inbox, writer }: Rank): void {
  for (const { order } of inbox.takeArrivals()) {
    writer.setTask(order);
    withPhase(writer, 'task_submission', () => undefined);
  }
  // Tables may hold several tasks: the agreement belongs to none.
  writer.setTask(null);
}

async function untilAgreed(rank: Rank): Promise<Agreement> {
  const { inbox, engine, nowMs } = rank;
  const givesUpAt = nowMs() + nothingInCommonMs;
  for (;;) {
    inbox.expire();
    const own = encodeTable({ holdings: inbox.holdings(), gaveUp: nowMs() >= givesUpAt });
    const tables = rank.assignment.worldSize === 1 ? [own] : await engine.gather('task_agreement', own);
    const agreement = agree(tables.map(decodeTable));
    if (agreement.kind !== 'nothing') return agreement;
    // Leaving here because of a shutdown would leave the others inside the next round; abort is what breaks it.
    await inbox.untilChange(roundPauseMs);
  }
}

function dropUnshared(rank: Rank, taskId: string): void {
  const held = rank.inbox.take(taskId);
  if (held === null) return;
  rank.writer.setTask(held.order);
  failTask(
    rank,
    held.order.taskId,
    'internal',
    `The ranks had no task in common for ${nothingInCommonMs / 1000} s; not every rank was given this one.`,
  );
  rank.writer.setTask(null);
}
