import type { GgufFacts } from './gguf-facts.ts';

/** The sizes that converting needs to know itself. */
export interface LlamaConfig {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
}

/** config.json of mlx-lm, from the metadata of a Llama in GGUF. */
export function planLlamaConfig(facts: GgufFacts, tied: boolean): LlamaConfig {
  const architecture = facts.string('general.architecture');
  if (architecture !== 'llama') throw new Error(`The GGUF file holds a ${architecture}; only llama is converted.`);
  return Object.freeze({
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: facts.number('llama.embedding_length'),
    num_hidden_layers: facts.number('llama.block_count'),
    intermediate_size: facts.number('llama.feed_forward_length'),
    num_attention_heads: facts.number('llama.attention.head_count'),
    num_key_value_heads: facts.number('llama.attention.head_count_kv'),
    head_dim: facts.number('llama.rope.dimension_count'),
    vocab_size: facts.number('llama.vocab_size'),
    max_position_embeddings: facts.number('llama.context_length'),
    // Stored as f32, meant as a decimal: 9.99999975e-06 was written as 1e-5.
    rms_norm_eps: Number(facts.number('llama.attention.layer_norm_rms_epsilon').toPrecision(6)),
    rope_theta: facts.number('llama.rope.freq_base'),
    rope_traditional: false,
    tie_word_embeddings: tied,
    hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    bos_token_id: facts.number('tokenizer.ggml.bos_token_id'),
    eos_token_id: facts.number('tokenizer.ggml.eos_token_id'),
    pad_token_id: facts.number('tokenizer.ggml.padding_token_id'),
    torch_dtype: 'float32',
  });
}
