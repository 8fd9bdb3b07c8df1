import { ChatCompletionRequest, CommandId, ProblemError, Sampling, TaskId, type TaskOrder } from '@rankscope/schema';
import type { z } from 'zod';

export interface PlannedTask {
  readonly task: TaskOrder;
  /** Keys that were sent and mean nothing here. */
  readonly ignored: readonly string[];
}

export interface PlanTaskOptions {
  readonly newId: () => string;
  /** For a request that names none. The ranks are told one number, so that all of them draw the same tokens. */
  readonly newSeed: () => number;
  readonly deadlineMs: number;
}

/** OpenAI's request → what the ranks are told. Throws a ProblemError that names the field. */
export function planTask(request: ChatCompletionRequest, { newId, newSeed, deadlineMs }: PlanTaskOptions): PlannedTask {
  const task: TaskOrder = {
    taskId: TaskId.parse(newId()),
    commandId: CommandId.parse(newId()),
    messages: request.messages.map((message, index) => ({
      // OpenAI's newer name of the same thing; no chat template knows it.
      role: message.role === 'developer' ? 'system' : message.role,
      content: textOf(message.content, index),
    })),
    sampling: samplingOf(request, newSeed),
    deadlineMs,
  };
  return { task, ignored: Object.keys(request).filter((key) => !Object.hasOwn(ChatCompletionRequest.shape, key)) };
}

function samplingOf(request: ChatCompletionRequest, newSeed: () => number): Sampling {
  const said = {
    temperature: request.temperature ?? undefined,
    topP: request.top_p ?? undefined,
    topK: request.top_k ?? undefined,
    minP: request.min_p ?? undefined,
    repetitionPenalty: request.repetition_penalty ?? undefined,
    seed: request.seed ?? newSeed(),
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    stop: typeof request.stop === 'string' ? [request.stop] : (request.stop ?? undefined),
  };
  const parsed = Sampling.safeParse(said);
  if (parsed.success) return parsed.data;
  throw new ProblemError('bad_body', parsed.error.issues.map((issue) => describeIssue(issue, request)).join('; '));
}

/** What the ranks refuse, under the name by which the caller knows it. */
function describeIssue({ path: [key], message }: z.core.$ZodIssue, request: ChatCompletionRequest): string {
  const maxTokens = (request.max_completion_tokens ?? null) === null ? 'max_tokens' : 'max_completion_tokens';
  const name =
    key === 'maxTokens' ? maxTokens : String(key).replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return `${name}: ${message}`;
}

type Content = ChatCompletionRequest['messages'][number]['content'];

function textOf(content: Content, index: number): string {
  if (typeof content === 'string') return content;
  return content
    .map((part, partIndex) => {
      if (part.type === 'text' && part.text !== undefined) return part.text;
      const at = `messages[${index}].content[${partIndex}]`;
      throw new ProblemError(
        'bad_body',
        `${at}: a part of type "${part.type}" cannot be read here; send parts of type "text" with a text`,
      );
    })
    .join('');
}
