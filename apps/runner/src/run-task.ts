import { withPhase } from '@rankscope/flight-recorder';
import type { FinishReason, TaskOrder, TokenUsage } from '@rankscope/schema';
import { type EndWish, endWishes, strongest } from './agree-task.ts';
import { createAnswerReader } from './answer-reader.ts';
import { buildPrompt } from './build-prompt.ts';
import type { Generated } from './engine/engine.ts';
import { failTask } from './fail-task.ts';
import type { HeldTask } from './inbox.ts';
import type { NextTask } from './next-task.ts';
import { type ReadyRank, samples } from './rank.ts';
import { recordMoment } from './record-moment.ts';
import { openRunningTask, type RunningTask } from './running-task.ts';

type TaskEnd =
  | { readonly kind: 'done'; readonly finishReason: FinishReason; readonly usage: TokenUsage }
  | {
      readonly kind: 'failed';
      readonly class: 'task_deadline' | 'prompt_too_long' | 'bad_request';
      readonly message: string;
    };

const nothingUsed: TokenUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };

/**
 * One task, from agreement to its end. Whatever can go wrong with the task alone goes wrong alike on all ranks, and the
 * rank goes on; what is thrown came out of the group, and is the end of the rank. Then the ids stay on the recorder, so
 * that the error carries them.
 */
export async function runTask(rank: ReadyRank, { held, wish }: NextTask): Promise<void> {
  const { writer } = rank;
  writer.setTask(held.order);
  writer.record({ phase: 'task_submission', kind: 'mark', event: 'task_begin', rare: true });
  const cancelEngine = () => rank.engine.cancel();
  const running = openRunningTask({ held, writer, nowMs: rank.nowMs, cancelEngine });
  rank.current.task = running;
  const end = wish === 'none' ? await answer(rank, held.order, running) : endUnbegun(rank, held, wish);
  running.close();
  rank.current.task = null;
  withPhase(writer, 'completion', () => report(rank, held.order, end));
  writer.record({
    phase: 'completion',
    kind: 'mark',
    event: 'task_end',
    rare: true,
    detail: end.kind === 'done' ? end.finishReason : end.class,
  });
  writer.setTask(null);
}

async function answer(rank: ReadyRank, order: TaskOrder, running: RunningTask): Promise<TaskEnd> {
  const { engine, writer, prompter, model, assignment } = rank;
  const prompt = withPhase(writer, 'prompt_build', () => buildPrompt({ prompter, model, order }));
  if (prompt.kind === 'refused') return { ...prompt, kind: 'failed' };
  const reader = samples(assignment)
    ? createAnswerReader({
        order,
        prompter,
        writer,
        onText: (piece) => rank.send({ type: 'token', taskId: order.taskId, ...piece }),
        onStop: () => running.end('stop'),
      })
    : null;
  const { sampling } = order;
  const request = { tokens: prompt.tokens, maxTokens: prompt.maxTokens, sampling, eosTokenIds: model.eosTokenIds };
  const generating = engine.generate(request, (token) => {
    reader?.push(token);
    // Said again with each token: a cancel that came before the engine began would be forgotten by it.
    if (running.wish !== 'none') engine.cancel();
  });
  if (running.wish !== 'none') engine.cancel();
  const generated = await generating;
  reader?.finish();
  return endOf(generated, await agreeWhy(rank, order, running, generated), order.deadlineMs);
}

/**
 * Why it ended. Only the sampling rank sees a stop sequence, and a cancel or a deadline may have reached one rank and
 * not yet another; so where that can be the reason the ranks ask each other. All know alike whether they will.
 */
async function agreeWhy(
  rank: ReadyRank,
  order: TaskOrder,
  running: RunningTask,
  { finishReason }: Generated,
): Promise<EndWish> {
  const asks = rank.assignment.worldSize > 1 && (finishReason === 'cancelled' || order.sampling.stop.length > 0);
  if (!asks) return running.wish;
  const own = new Uint8Array([endWishes.indexOf(running.wish)]);
  const all = await withPhase(
    rank.writer,
    'task_agreement',
    () => rank.engine.gather('task_agreement', own),
    'why it ended',
  );
  return strongest(all.map(([code = 0]) => endWishes[code] ?? 'none'));
}

function endOf(
  { finishReason, promptTokens, cachedTokens, tokens }: Generated,
  why: EndWish,
  deadlineMs: number,
): TaskEnd {
  const usage = { promptTokens, cachedTokens, completionTokens: tokens.length };
  if (why === 'stop') return { kind: 'done', finishReason: 'stop', usage };
  if (finishReason === 'cancelled' && why === 'deadline') return pastDeadline(deadlineMs);
  return { kind: 'done', finishReason, usage };
}

/** The ranks agreed that it ends before it begins. */
function endUnbegun({ writer }: ReadyRank, held: HeldTask, wish: EndWish): TaskEnd {
  if (held.wish !== 'none')
    recordMoment(writer, 'cancel_requested', { event: held.wish === 'deadline' ? 'deadline_passed' : 'enter' });
  withPhase(writer, 'cancel_observed', () => undefined, 'before it began');
  return wish === 'deadline'
    ? pastDeadline(held.order.deadlineMs)
    : { kind: 'done', finishReason: 'cancelled', usage: nothingUsed };
}

function pastDeadline(deadlineMs: number): TaskEnd {
  return {
    kind: 'failed',
    class: 'task_deadline',
    message: `The task was not done within its deadline of ${deadlineMs} ms.`,
  };
}

function report(rank: ReadyRank, { taskId }: TaskOrder, end: TaskEnd): void {
  if (end.kind === 'failed') failTask(rank, taskId, end.class, end.message);
  else
    rank.send({
      type: 'done',
      taskId,
      finishReason: end.finishReason,
      usage: end.usage,
      samples: samples(rank.assignment),
    });
}
