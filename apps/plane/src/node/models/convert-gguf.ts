import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dequantise } from './dequantise.ts';
import { type GgufTensor, openGguf } from './gguf.ts';
import { openFacts } from './gguf-facts.ts';
import { type LlamaConfig, planLlamaConfig } from './llama-config.ts';
import { rebuildTokenizer } from './rebuild-tokenizer.ts';
import { createSafetensors } from './safetensors.ts';
import { unpermuteRows } from './unpermute-rows.ts';

interface ConvertOptions {
  /** Called after each tensor, with bytes of weights written so far and in all. */
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
  readonly signal: AbortSignal;
}

/** Converts a Llama in GGUF to a directory in mlx-lm's layout, in f32. `dir` exists and is empty. */
export async function convertGguf(ggufPath: string, dir: string, options: ConvertOptions): Promise<void> {
  const gguf = await openGguf(ggufPath);
  try {
    const facts = openFacts(gguf);
    const config = planLlamaConfig(facts, !gguf.tensors.some(({ name }) => name === 'output.weight'));
    const { tokenizer, tokenizerConfig } = rebuildTokenizer(facts);
    const jobs = gguf.tensors.map((tensor) => planTensor(tensor, config));
    const entries = jobs.map(({ name, tensor }) => ({ name, shape: tensor.shape }));
    const weights = await createSafetensors(join(dir, 'model.safetensors'), entries);
    try {
      let doneBytes = 0;
      for (const { name, tensor, rotaryHeads } of jobs) {
        options.signal.throwIfAborted();
        const plain = dequantise(tensor.kind, await gguf.readTensor(tensor));
        const columns = tensor.shape.at(-1) ?? 1;
        await weights.write(name, rotaryHeads === null ? plain : unpermuteRows(plain, rotaryHeads, columns));
        doneBytes += plain.byteLength;
        options.onProgress(doneBytes, weights.dataBytes);
      }
      await weights.finish();
    } finally {
      await weights.close();
    }
    await writeFile(join(dir, 'config.json'), `${JSON.stringify(config, null, 2)}\n`, { flush: true });
    await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(tokenizer), { flush: true });
    const text = `${JSON.stringify(tokenizerConfig, null, 2)}\n`;
    await writeFile(join(dir, 'tokenizer_config.json'), text, { flush: true });
  } finally {
    await gguf.close();
  }
}

interface TensorJob {
  readonly tensor: GgufTensor;
  /** As mlx-lm calls it. */
  readonly name: string;
  /** How many heads' rows have to be put back in order; null for a tensor that is not rotated. */
  readonly rotaryHeads: number | null;
}

/** What a tensor of llama.cpp is called in mlx-lm, and whether its rows have to move. */
function planTensor(tensor: GgufTensor, config: LlamaConfig): TensorJob {
  const single = singleNames.get(tensor.name);
  if (single !== undefined) return { tensor, name: single, rotaryHeads: null };
  const [, layer, part] = /^blk\.(\d+)\.(\w+)\.weight$/.exec(tensor.name) ?? [];
  const partName = layerNames.get(part ?? '');
  if (partName === undefined) throw new Error(`A Llama has no tensor ${tensor.name}.`);
  const rotaryHeads =
    part === 'attn_q' ? config.num_attention_heads : part === 'attn_k' ? config.num_key_value_heads : null;
  return { tensor, name: `model.layers.${layer}.${partName}.weight`, rotaryHeads };
}

const singleNames = new Map([
  ['token_embd.weight', 'model.embed_tokens.weight'],
  ['output_norm.weight', 'model.norm.weight'],
  ['output.weight', 'lm_head.weight'],
]);

const layerNames = new Map([
  ['attn_norm', 'input_layernorm'],
  ['attn_q', 'self_attn.q_proj'],
  ['attn_k', 'self_attn.k_proj'],
  ['attn_v', 'self_attn.v_proj'],
  ['attn_output', 'self_attn.o_proj'],
  ['ffn_norm', 'post_attention_layernorm'],
  ['ffn_gate', 'mlp.gate_proj'],
  ['ffn_up', 'mlp.up_proj'],
  ['ffn_down', 'mlp.down_proj'],
]);
