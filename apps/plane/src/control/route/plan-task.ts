import { ChatCompletionRequest, CommandId, ProblemError, Sampling, TaskId, type TaskOrder } from '@rankscope/schema';

export interface PlannedTask {
  readonly task: TaskOrder;
  /** Keys that were sent and mean nothing here. */
  readonly ignored: readonly string[];
}

/** OpenAI's request → what the ranks are told. Throws a ProblemError that names the field. */
export function planTask(request: ChatCompletionRequest, newId: () => string, deadlineMs: number): PlannedTask {
  const task: TaskOrder = {
    taskId: TaskId.parse(newId()),
    commandId: CommandId.parse(newId()),
    messages: request.messages.map((message, index) => ({
      role: message.role,
      content: textOf(message.content, index),
    })),
    sampling: Sampling.parse({
      temperature: request.temperature ?? undefined,
      topP: request.top_p ?? undefined,
      topK: request.top_k ?? undefined,
      minP: request.min_p ?? undefined,
      repetitionPenalty: request.repetition_penalty ?? undefined,
      seed: request.seed ?? undefined,
      maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
      stop: typeof request.stop === 'string' ? [request.stop] : (request.stop ?? undefined),
    }),
    deadlineMs,
  };
  return { task, ignored: Object.keys(request).filter((key) => !Object.hasOwn(ChatCompletionRequest.shape, key)) };
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
