import { z } from 'zod';
import type { Prompter } from '../prompt.ts';

/**
 * How a simulated model behaves, told in the assignment's `modelDir` as `simulated?tokenMs=5&words=200`, so that a test
 * sets it for one instance and no environment is inherited by accident. Any other directory means the defaults.
 */
const SimulatedModel = z.object({
  /** Time of one token. */
  tokenMs: z.coerce.number().min(0).max(60_000).default(20),
  /** Time to load one layer. */
  layerMs: z.coerce.number().min(0).max(60_000).default(5),
  layers: z.coerce.number().int().min(1).max(256).default(4),
  /** Length of the answer in words; one word is one token. */
  words: z.coerce.number().int().min(1).max(1_000_000).default(25),
  contextLength: z.coerce.number().int().min(8).default(8_192),
  /** Collectives inside one step, as a tensor-parallel model has them; 0 leaves only the barriers. */
  collectives: z.coerce.number().int().min(0).max(1_024).default(1),
});
export type SimulatedModel = z.infer<typeof SimulatedModel>;

export function parseSimulatedModel(modelDir: string): SimulatedModel {
  const [name, query = ''] = modelDir.split('?', 2);
  return SimulatedModel.parse(name === 'simulated' ? Object.fromEntries(new URLSearchParams(query)) : {});
}

export const simulatedEos = 1;
const firstWordToken = 2;
const sentence =
  (
    'No model was asked for this answer, yet every rank of the group waited for the others, ' +
    'agreed on each word and went on: Ω. '
  ).match(/\S+\s/g) ?? [];

/** Every rank says the same word at the same place. */
export function simulatedToken(position: number, model: SimulatedModel): number {
  return position >= model.words ? simulatedEos : firstWordToken + (position % sentence.length);
}

/** One token a word; what the words are does not matter to the answer. */
export const simulatedPrompter: Prompter = {
  render: (messages) => messages.map(({ content }) => content).join(' '),
  encode: (text) =>
    text
      .split(/\s+/)
      .filter((word) => word !== '')
      .map(hashWord),
  longestTokenBytes: Number.POSITIVE_INFINITY,
  decode: (tokens) => tokens.map((token) => sentence[token - firstWordToken] ?? '').join(''),
};

/** FNV-1a. */
function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(word)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 8) + firstWordToken;
}
