import type { TaskOrder } from '@rankscope/schema';
import type { LoadedModel } from './engine/engine.ts';
import type { Prompter } from './prompt.ts';

export type Prompt =
  | { readonly kind: 'tokens'; readonly tokens: readonly number[]; readonly maxTokens: number }
  | { readonly kind: 'refused'; readonly class: 'prompt_too_long' | 'bad_request'; readonly message: string };

/** Messages → tokens, or why not. The same on every rank, since all have the same files and the same order. */
export function buildPrompt({
  prompter,
  model,
  order,
}: {
  prompter: Prompter;
  model: LoadedModel;
  order: TaskOrder;
}): Prompt {
  const tokens = encode(prompter, order);
  if (typeof tokens === 'string') return { kind: 'refused', class: 'bad_request', message: tokens };
  if (tokens.length === 0) return { kind: 'refused', class: 'bad_request', message: 'The prompt is empty.' };
  const room = model.contextLength - tokens.length;
  if (room < 1) {
    const message = `The prompt has ${tokens.length} tokens; the model's context of ${model.contextLength} leaves no room for an answer.`;
    return { kind: 'refused', class: 'prompt_too_long', message };
  }
  return { kind: 'tokens', tokens, maxTokens: Math.min(order.sampling.maxTokens, room) };
}

/** A template may refuse roles or their order by throwing: that is the caller's mistake, and told as it was said. */
function encode(prompter: Prompter, order: TaskOrder): readonly number[] | string {
  try {
    return prompter.encode(order.messages);
  } catch (error) {
    return `The chat template refused the messages: ${error instanceof Error ? error.message : String(error)}`;
  }
}
