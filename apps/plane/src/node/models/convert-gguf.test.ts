import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { convertGguf } from './convert-gguf.ts';
import { encodeGguf, type GgufContent, type GgufField } from './encode-gguf.ts';
import { checkModelDirectory } from './model-directory.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'convert-'));
});
afterEach(() => rm(dir, { recursive: true }));

const u32 = (value: number): GgufField => ({ type: 'u32', value });
const string = (value: string): GgufField => ({ type: 'string', value });

/** A Llama of one layer: 2 heads of 4 rows, 1 kv head, hidden 8. Rows hold their number. */
const llama: GgufContent = {
  metadata: {
    'general.architecture': string('llama'),
    'llama.embedding_length': u32(8),
    'llama.block_count': u32(1),
    'llama.feed_forward_length': u32(8),
    'llama.attention.head_count': u32(2),
    'llama.attention.head_count_kv': u32(1),
    'llama.rope.dimension_count': u32(4),
    'llama.vocab_size': u32(3),
    'llama.context_length': u32(64),
    'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: 1e-5 },
    'llama.rope.freq_base': { type: 'f32', value: 100000 },
    'tokenizer.ggml.model': string('gpt2'),
    'tokenizer.ggml.pre': string('smollm'),
    'tokenizer.ggml.tokens': { type: 'strings', value: ['<end>', 'a', 'b'] },
    'tokenizer.ggml.token_type': { type: 'u32s', value: [3, 1, 1] },
    'tokenizer.ggml.merges': { type: 'strings', value: ['a b'] },
    'tokenizer.ggml.bos_token_id': u32(0),
    'tokenizer.ggml.eos_token_id': u32(0),
    'tokenizer.ggml.unknown_token_id': u32(0),
    'tokenizer.ggml.padding_token_id': u32(0),
    'tokenizer.chat_template': string('{{ messages }}'),
  },
  tensors: [
    rows('token_embd.weight', 3),
    rows('blk.0.attn_q.weight', 8),
    rows('blk.0.attn_k.weight', 4),
    rows('blk.0.attn_v.weight', 4),
    rows('output_norm.weight', 1),
  ],
};

function rows(name: string, count: number): GgufContent['tensors'][number] {
  const values = Float32Array.from({ length: count * 8 }, (_, i) => Math.floor(i / 8));
  return { name, kind: 'F32', shape: [count, 8], bytes: new Uint8Array(values.buffer) };
}

async function convert(content: GgufContent, signal = new AbortController().signal) {
  const out = join(dir, 'out');
  await mkdir(out);
  await writeFile(join(dir, 'x.gguf'), encodeGguf(content));
  const progress: string[] = [];
  await convertGguf(join(dir, 'x.gguf'), out, {
    onProgress: (done, total) => progress.push(`${done}/${total}`),
    signal,
  });
  const weights = await readFile(join(out, 'model.safetensors'));
  const headerBytes = Number(weights.readBigUInt64LE(0));
  const header = JSON.parse(weights.toString('utf8', 8, 8 + headerBytes));
  const firstColumn = (name: string) => {
    const [from, to] = header[name].data_offsets as [number, number];
    const at = 8 + headerBytes;
    return Array.from({ length: (to - from) / 32 }, (_, row) => weights.readFloatLE(at + from + row * 32));
  };
  const json = async (name: string) => JSON.parse(await readFile(join(out, name), 'utf8'));
  return { out, progress, header, firstColumn, json };
}

test('tensors get their names, and only queries and keys are put back in order', async () => {
  const { out, header, firstColumn, progress } = await convert(llama);
  expect(Object.keys(header).toSorted()).toEqual([
    '__metadata__',
    'model.embed_tokens.weight',
    'model.layers.0.self_attn.k_proj.weight',
    'model.layers.0.self_attn.q_proj.weight',
    'model.layers.0.self_attn.v_proj.weight',
    'model.norm.weight',
  ]);
  expect(firstColumn('model.layers.0.self_attn.q_proj.weight')).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  expect(firstColumn('model.layers.0.self_attn.k_proj.weight')).toEqual([0, 2, 1, 3]);
  expect(firstColumn('model.layers.0.self_attn.v_proj.weight')).toEqual([0, 1, 2, 3]);
  expect(progress.at(-1)).toBe('640/640');
  expect(await checkModelDirectory(out)).toBeNull();
});

test('config.json and the tokenizer are made of the metadata', async () => {
  const { json } = await convert(llama);
  const config = await json('config.json');
  expect(config).toMatchObject({ model_type: 'llama', num_key_value_heads: 1, head_dim: 4, rope_theta: 100000 });
  expect(config).toMatchObject({ rms_norm_eps: 1e-5, tie_word_embeddings: true, vocab_size: 3 });
  const tokenizer = await json('tokenizer.json');
  expect(tokenizer.added_tokens).toMatchObject([{ id: 0, content: '<end>', special: true }]);
  expect(tokenizer.model).toMatchObject({ vocab: { '<end>': 0, a: 1, b: 2 }, merges: ['a b'] });
  expect(await json('tokenizer_config.json')).toMatchObject({ eos_token: '<end>', chat_template: '{{ messages }}' });
});

test.each<[string, Partial<GgufContent>, RegExp]>([
  ['a tensor that a Llama has not', { tensors: [rows('blk.0.ssm_a.weight', 1)] }, /no tensor blk\.0\.ssm_a\.weight/],
  [
    'another architecture',
    { metadata: { ...llama.metadata, 'general.architecture': string('mamba') } },
    /holds a mamba; only llama/,
  ],
  [
    'another way to split text',
    { metadata: { ...llama.metadata, 'tokenizer.ggml.pre': string('qwen2') } },
    /gpt2\/qwen2/,
  ],
  ['missing metadata', { metadata: { 'general.architecture': string('llama') } }, /says nothing about llama\./],
])('%s is refused by name', async (_name, change, message) => {
  await expect(convert({ ...llama, ...change })).rejects.toThrow(message);
});

test('a signal ends it', async () => {
  await expect(convert(llama, AbortSignal.abort())).rejects.toThrow(/aborted/);
});
