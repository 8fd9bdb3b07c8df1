import type { GenerateOptions } from '../../../native/lib/index.ts';

/** A request that samples nothing, and ends only at its length: what it answers is a matter of the weights alone. */
export const greedy: GenerateOptions = {
  tokens: new Int32Array(),
  maxTokens: 16,
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  seed: 0,
  prefillChunk: 512,
  eosTokenIds: new Int32Array(),
  wantLogits: false,
};
