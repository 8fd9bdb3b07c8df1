import {
  type ChatCompletionRequest,
  planeAttributes as names,
  spanAttributes,
  type TaskOrder,
} from '@rankscope/schema';
import { spanIdOf, traceIdOfCommand } from '@rankscope/telemetry';
import type { TaskOutcome } from '../control/route/task-board.ts';
import type { OpenSpan, Tracing } from '../tracing/tracing.ts';

/** The answer as its reader had it, in the trace of its command and beside the ranks that worked on it. */
export function beginServing(
  tracing: Tracing,
  request: ChatCompletionRequest,
  { commandId, taskId, sampling }: TaskOrder,
): OpenSpan {
  const traceId = traceIdOfCommand(commandId);
  return tracing.begin({
    name: `chat ${request.model}`,
    kind: 'server',
    parent: { traceId, spanId: spanIdOf({ traceId, kind: 'command' }) },
    values: {
      [spanAttributes.commandId]: commandId,
      [spanAttributes.taskId]: taskId,
      [names.genAiOperation]: 'chat',
      [names.genAiProvider]: 'rankscope',
      [names.genAiRequestModel]: request.model,
      [names.genAiMaxTokens]: sampling.maxTokens,
      [names.genAiTemperature]: sampling.temperature,
    },
  });
}

export function endServing(span: OpenSpan, outcome: TaskOutcome): void {
  if (outcome.kind === 'done') {
    const { finishReason, usage } = outcome;
    span.set({
      [names.genAiFinishReasons]: [finishReason],
      [names.genAiInputTokens]: usage.promptTokens,
      [names.genAiOutputTokens]: usage.completionTokens,
    });
  } else span.fail(outcome.kind === 'failed' ? outcome.class : outcome.kind, outcome.message);
  span.end();
}
