import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyDirectory } from './ranks.ts';

interface TensorPlace {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Writes the tiny model into `dir` with its layers repeated until there are so many: more collectives in one step. */
export function writeDeepModel(dir: string, layers: number): string {
  cpSync(tinyDirectory, dir, { recursive: true });
  const config = JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));
  const file = join(dir, 'model.safetensors');
  const bytes = readFileSync(file);
  const dataAt = 8 + Number(bytes.readBigUInt64LE(0));
  const header: Record<string, TensorPlace> = JSON.parse(bytes.toString('utf8', 8, dataAt));
  const deep: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  let end = 0;
  const add = (name: string, { dtype, shape, data_offsets: [from, to] }: TensorPlace) => {
    deep[name] = { dtype, shape, data_offsets: [end, end + to - from] };
    parts.push(bytes.subarray(dataAt + from, dataAt + to));
    end += to - from;
  };
  for (const [name, tensor] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [, number, rest] = /^model\.layers\.(\d+)\.(.*)$/.exec(name) ?? [];
    if (number === undefined) add(name, tensor);
    else
      for (let layer = Number(number); layer < layers; layer += config.num_hidden_layers)
        add(`model.layers.${layer}.${rest}`, tensor);
  }
  // Readers want the tensors' bytes aligned.
  const text = JSON.stringify(deep);
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(file, Buffer.concat([length, json, ...parts]));
  writeFileSync(join(dir, 'config.json'), JSON.stringify({ ...config, num_hidden_layers: layers }));
  return dir;
}
