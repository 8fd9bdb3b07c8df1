import type { GgufFacts } from './gguf-facts.ts';

/** ggml's number for a token that is a control mark and never text. */
const controlToken = 3;

/**
 * tokenizer.json and tokenizer_config.json, from the metadata of a GGUF file.
 *
 * GGUF keeps vocabulary and merges, but of the splitting before them only a
 * name; `smollm` stands for single digits, then GPT-2's byte-level split.
 */
export function rebuildTokenizer(facts: GgufFacts): { tokenizer: object; tokenizerConfig: object } {
  const model = facts.string('tokenizer.ggml.model');
  const split = facts.string('tokenizer.ggml.pre');
  if (model !== 'gpt2' || split !== 'smollm') throw new Error(`The tokenizer ${model}/${split} is not known here.`);
  const tokens = facts.strings('tokenizer.ggml.tokens');
  const types = facts.numbers('tokenizer.ggml.token_type');
  const named = (role: string) => tokens[facts.number(`tokenizer.ggml.${role}_token_id`)];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  // Not the `Digits` splitter: in @huggingface/tokenizers that one knows only 0 to 9, in Rust every script's digits.
  const eachDigit = { type: 'Split', pattern: { Regex: '\\p{N}' }, behavior: 'Isolated', invert: false };

  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens.flatMap((content, id) =>
      types[id] === controlToken
        ? [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }]
        : [],
    ),
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [eachDigit, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: facts.strings('tokenizer.ggml.merges'),
    },
  };
  const tokenizerConfig = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: named('bos'),
    eos_token: named('eos'),
    unk_token: named('unknown'),
    pad_token: named('padding'),
    add_bos_token: false,
    add_prefix_space: false,
    clean_up_tokenization_spaces: false,
    model_max_length: facts.number('llama.context_length'),
    chat_template: facts.string('tokenizer.chat_template'),
  };
  return { tokenizer, tokenizerConfig };
}
