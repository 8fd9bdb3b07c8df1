import {
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatCompletionRequest,
  type ProblemCode,
  ProblemError,
} from '@rankscope/schema';
import { type AnswerHead, chunkOf, completionOf, usageChunkOf } from '../control/route/openai-answer.ts';
import { planTask } from '../control/route/plan-task.ts';
import type { TaskBoard, TaskOutcome } from '../control/route/task-board.ts';
import { openTaskStream, type TaskStream } from '../control/route/task-stream.ts';
import type { Context } from './context.ts';
import { beginServing, endServing } from './serving-span.ts';

export interface ChatAnswer {
  readonly commandId: string;
  readonly ignored: readonly string[];
  /** The whole answer; throws a ProblemError when there is none. Leaving early cancels. */
  whole(): Promise<ChatCompletion>;
  /** Piece by piece; throws a ProblemError where it breaks off. Leaving early cancels. */
  chunks(): AsyncGenerator<ChatCompletionChunk>;
}

/** Has all ranks answer a chat. A caller that goes away (the signal) cancels it on all ranks. */
export function chatCompletion(ctx: Context, request: ChatCompletionRequest, signal: AbortSignal): ChatAnswer {
  const board = findBoard(ctx, request.model);
  const { task, ignored } = planTask(request, {
    newId: ctx.newId,
    newSeed: ctx.newSeed,
    deadlineMs: ctx.taskDeadlineMs,
  });
  const stream = openTaskStream(board, task, signal);
  // Begun when the ranks have it: what nobody took was not served, and is told by the request's span.
  const serving = beginServing(ctx.tracing, request, task);
  void stream.outcome.then((outcome) => endServing(serving, outcome));
  const created = Math.floor(Number(ctx.clock.wallNs() / 1_000_000_000n));
  const head: AnswerHead = { id: `chatcmpl-${task.commandId}`, created, model: request.model };
  return {
    commandId: task.commandId,
    ignored,
    whole: () => collectWhole(stream, head),
    chunks: () => chunksOf(stream, head, request.stream_options?.include_usage ?? false),
  };
}

function findBoard(ctx: Context, model: string): TaskBoard {
  const serving = ctx.serving();
  if (!serving) throw new ProblemError('instance_not_ready', `No model answers here: ${ctx.whyNotServing()}.`);
  const { modelId } = serving.instance;
  if (model !== modelId)
    throw new ProblemError(
      'model_not_found',
      `There is no model ${JSON.stringify(model)} here; there is ${JSON.stringify(modelId)}.`,
    );
  return serving.board;
}

async function collectWhole(stream: TaskStream, head: AnswerHead): Promise<ChatCompletion> {
  let text = '';
  for await (const piece of stream.pieces()) text += piece;
  return completionOf(head, text, doneOrThrow(await stream.outcome));
}

async function* chunksOf(
  stream: TaskStream,
  head: AnswerHead,
  withUsage: boolean,
): AsyncGenerator<ChatCompletionChunk> {
  yield chunkOf(head, { role: 'assistant', content: '' });
  for await (const content of stream.pieces()) yield chunkOf(head, { content });
  const { finishReason, usage } = doneOrThrow(await stream.outcome);
  yield chunkOf(head, {}, finishReason);
  if (withUsage) yield usageChunkOf(head, usage);
}

function doneOrThrow(outcome: TaskOutcome): Extract<TaskOutcome, { kind: 'done' }> {
  if (outcome.kind === 'done') return outcome;
  throw new ProblemError(problemCodeOf(outcome), outcome.message);
}

function problemCodeOf(outcome: Exclude<TaskOutcome, { kind: 'done' }>): ProblemCode {
  if (outcome.kind === 'late') return 'deadline_passed';
  if (outcome.kind === 'rank_failed') return 'rank_failed';
  if (outcome.kind === 'closing') return 'instance_not_ready';
  const known: Readonly<Record<string, ProblemCode>> = {
    prompt_too_long: 'prompt_too_long',
    bad_request: 'bad_body',
    task_deadline: 'deadline_passed',
  };
  return known[outcome.class] ?? 'rank_failed';
}
