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
  const rendered = render(prompter, order);
  if (rendered.kind === 'refused') return rendered;
  // Tokenising cannot be interrupted, and 15 MB of it hold every rank for a minute.
  const bytes = Buffer.byteLength(rendered.text);
  const mostBytes = model.contextLength * prompter.longestTokenBytes;
  if (bytes > mostBytes) {
    const message = `The prompt has ${bytes} bytes; the model's context of ${model.contextLength} tokens holds at most ${mostBytes}.`;
    return { kind: 'refused', class: 'prompt_too_long', message };
  }
  const tokens = prompter.encode(rendered.text);
  if (tokens.length === 0) return { kind: 'refused', class: 'bad_request', message: 'The prompt is empty.' };
  const room = model.contextLength - tokens.length;
  if (room < 1) {
    const message = `The prompt has ${tokens.length} tokens; the model's context of ${model.contextLength} leaves no room for an answer.`;
    return { kind: 'refused', class: 'prompt_too_long', message };
  }
  return { kind: 'tokens', tokens, maxTokens: Math.min(order.sampling.maxTokens, room) };
}

type Rendered = { readonly kind: 'text'; readonly text: string } | Extract<Prompt, { kind: 'refused' }>;

/** A template may refuse roles or their order by throwing: that is the caller's mistake, and told as it was said. */
function render(prompter: Prompter, order: TaskOrder): Rendered {
  try {
    return { kind: 'text', text: prompter.render(order.messages) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'refused', class: 'bad_request', message: `The chat template refused the messages: ${why}` };
  }
}
