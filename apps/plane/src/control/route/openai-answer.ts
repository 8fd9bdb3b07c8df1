import type { ChatCompletion, ChatCompletionChunk, TokenUsage } from '@rankscope/schema';
import type { TaskOutcome } from './task-board.ts';

/** What every answer of one command carries. */
export interface AnswerHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

type Usage = ChatCompletion['usage'];

export function usageOf({ promptTokens, completionTokens, cachedTokens }: TokenUsage): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

type Done = Extract<TaskOutcome, { kind: 'done' }>;

export function completionOf(head: AnswerHead, content: string, outcome: Done): ChatCompletion {
  const message = { role: 'assistant', content } as const;
  const choices = [{ index: 0, message, finish_reason: outcome.finishReason }];
  return { ...head, object: 'chat.completion', choices, usage: usageOf(outcome.usage) };
}

type Delta = ChatCompletionChunk['choices'][number]['delta'];

export function chunkOf(head: AnswerHead, delta: Delta, finishReason: string | null = null): ChatCompletionChunk {
  return { ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finishReason }] };
}

export function usageChunkOf(head: AnswerHead, usage: TokenUsage): ChatCompletionChunk {
  return { ...head, object: 'chat.completion.chunk', choices: [], usage: usageOf(usage) };
}
