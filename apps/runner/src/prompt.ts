import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@huggingface/tokenizers';
import type { ChatMessage } from '@rankscope/schema';
import { z } from 'zod';

/** Text to tokens and back, as the model was trained. */
export interface Prompter {
  /** Applies the chat template. Throws what the template throws. */
  render(messages: readonly ChatMessage[]): string;
  /** Blocks the task loop; about a second for half a million characters. */
  encode(text: string): readonly number[];
  /** No token stands for more bytes than this, so that a text too long for a context is known without tokenising it. */
  readonly longestTokenBytes: number;
  decode(tokens: readonly number[]): string;
}

/** A file of the model directory is missing or is not what it should be. Its name maps to model_invalid. */
export class ModelInvalidError extends Error {
  override readonly name = 'ModelInvalidError';
}

/** A special token stands as text, or as an object that holds it. */
const SpecialToken = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish();
const TokenizerConfig = z.looseObject({
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
  bos_token: SpecialToken,
  eos_token: SpecialToken,
  pad_token: SpecialToken,
  unk_token: SpecialToken,
});

/** Reads tokenizer and chat template of a model directory in mlx-lm's layout. */
export function openPrompter(dir: string): Prompter {
  const rawConfig = readJson(dir, 'tokenizer_config.json');
  const config = TokenizerConfig.safeParse(rawConfig);
  if (!config.success)
    throw new ModelInvalidError(`${join(dir, 'tokenizer_config.json')}: ${z.prettifyError(config.error)}`);
  const rawTokenizer = readJson(dir, 'tokenizer.json');
  const tokenizer = new Tokenizer(rawTokenizer, rawConfig);
  const template = new Template(readTemplate(dir, config.data.chat_template));
  const { bos_token, eos_token, pad_token, unk_token } = config.data;
  // A template tests for what is not there; `null` would be printed as text.
  const special = Object.fromEntries(
    Object.entries({ bos_token, eos_token, pad_token, unk_token }).filter(([, text]) => text != null),
  );
  return {
    render: (messages) => template.render({ ...special, messages, add_generation_prompt: true }),
    // The template has written the special tokens already.
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    longestTokenBytes: longestTokenBytes(rawTokenizer),
    decode: (tokens) =>
      // Cleaning up blanks looks across tokens, so pieces would not add up to the whole.
      tokenizer.decode([...tokens], { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
  };
}

const TokenTexts = z.looseObject({
  model: z.looseObject({ vocab: z.record(z.string(), z.unknown()).catch({}) }).catch({ vocab: {} }),
  added_tokens: z.array(z.looseObject({ content: z.string() })).catch([]),
});

/**
 * Of the vocabulary as the file spells it. A byte-level vocabulary writes every byte as one character of one or two
 * bytes, so this is never less than what the token stands for.
 */
function longestTokenBytes(rawTokenizer: object): number {
  const { model, added_tokens } = TokenTexts.parse(rawTokenizer);
  let longest = 1;
  for (const text of Object.keys(model.vocab)) longest = Math.max(longest, Buffer.byteLength(text));
  for (const { content } of added_tokens) longest = Math.max(longest, Buffer.byteLength(content));
  return longest;
}

function readTemplate(dir: string, inConfig: z.output<typeof TokenizerConfig>['chat_template']): string {
  const own = join(dir, 'chat_template.jinja');
  if (existsSync(own)) return readFileSync(own, 'utf8');
  if (typeof inConfig === 'string') return inConfig;
  const named = inConfig?.find(({ name }) => name === 'default') ?? inConfig?.[0];
  if (named !== undefined) return named.template;
  throw new ModelInvalidError(
    `${dir} has no chat template, neither in tokenizer_config.json nor in chat_template.jinja`,
  );
}

function readJson(dir: string, name: string): object {
  const path = join(dir, name);
  try {
    return z.looseObject({}).parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ModelInvalidError(`${path}: ${why}`, { cause });
  }
}
