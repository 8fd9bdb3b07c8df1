import { maxTokensLimit } from './runner-protocol.ts';
import { z } from './zod.ts';

const content = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))], {
  error: 'must be a string, or a list of text parts',
});

/** `developer` is OpenAI's newer name of `system`. Tools are not served, so their role would be a lie to the template. */
const role = z.enum(['system', 'developer', 'user', 'assistant'], {
  error: 'must be one of system, developer, user, assistant',
});
const tokenCount = z
  .int()
  .min(1)
  .max(maxTokensLimit, { error: `must be a whole number from 1 to ${maxTokensLimit}` });

/** OpenAI's chat request, as far as we act on it; keys we do not know are ignored and named in `X-Rankscope-Ignored`. */
export const ChatCompletionRequest = z
  .looseObject({
    model: z.string().min(1),
    messages: z.array(z.looseObject({ role, content })).min(1),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().gt(0).max(1).nullish(),
    top_k: z.int().min(0).nullish(),
    min_p: z.number().min(0).max(1).nullish(),
    repetition_penalty: z.number().min(0.1).max(10).nullish(),
    seed: z.int().min(0).max(0xffff_ffff).nullish(),
    max_tokens: tokenCount.nullish(),
    max_completion_tokens: tokenCount.nullish(),
    stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]).nullish(),
    n: z.literal(1).nullish(),
  })
  .meta({ id: 'ChatCompletionRequest' });
export type ChatCompletionRequest = z.infer<typeof ChatCompletionRequest>;

const usage = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({ cached_tokens: z.int() }),
});

export const ChatCompletion = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.int(),
        message: z.object({ role: z.literal('assistant'), content: z.string() }),
        finish_reason: z.string(),
      }),
    ),
    usage,
  })
  .meta({ id: 'ChatCompletion' });
export type ChatCompletion = z.infer<typeof ChatCompletion>;

export const ChatCompletionChunk = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion.chunk'),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.int(),
        delta: z.object({ role: z.literal('assistant').optional(), content: z.string().optional() }),
        finish_reason: z.string().nullable(),
      }),
    ),
    usage: usage.nullable().optional(),
  })
  .meta({ id: 'ChatCompletionChunk' });
export type ChatCompletionChunk = z.infer<typeof ChatCompletionChunk>;

export const ModelList = z
  .object({
    object: z.literal('list'),
    data: z.array(z.object({ id: z.string(), object: z.literal('model'), created: z.int(), owned_by: z.string() })),
  })
  .meta({ id: 'ModelList' });
export type ModelList = z.infer<typeof ModelList>;
