import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Refusal, refuse } from './refusal.ts';

/** What the engine can run, as config.json's model_type. */
const knownArchitectures: readonly string[] = ['llama'];

/** Looks whether a directory holds a model in mlx-lm's layout; null when it does. */
export async function checkModelDirectory(dir: string): Promise<Refusal | null> {
  const names = await readdir(dir).catch(() => null);
  const layout = 'Give a directory in the layout of mlx-lm: config.json, model.safetensors, tokenizer.json.';
  if (!names)
    return refuse(`There is no directory ${dir}.`, 'Give the name smollm2 or tiny, or an existing directory.');
  for (const name of ['config.json', 'tokenizer.json']) {
    if (!names.includes(name)) return refuse(`${dir} has no ${name}.`, layout);
  }

  const config = await readObject(join(dir, 'config.json'));
  if (!config) return refuse(`${join(dir, 'config.json')} is not a JSON object.`, layout);
  const architecture = config.model_type;
  if (typeof architecture !== 'string' || !knownArchitectures.includes(architecture)) {
    const found = typeof architecture === 'string' ? `is of model_type ${architecture}` : 'names no model_type';
    return refuse(`The model in ${dir} ${found}.`, `Take a model of one of these: ${knownArchitectures.join(', ')}.`);
  }

  const indexName = 'model.safetensors.index.json';
  if (names.includes(indexName)) {
    const weightMap = (await readObject(join(dir, indexName)))?.weight_map;
    if (typeof weightMap !== 'object' || weightMap === null) {
      return refuse(`${join(dir, indexName)} has no weight_map.`, 'Download the model again.');
    }
    const missing = Object.values(weightMap).find((name) => !names.includes(String(name)));
    return missing === undefined
      ? null
      : refuse(`${dir} has no ${missing}, which its index names.`, 'Download the model again.');
  }
  if (!names.includes('model.safetensors')) {
    return refuse(`${dir} has neither model.safetensors nor ${indexName}.`, layout);
  }
  const { size } = await stat(join(dir, 'model.safetensors'));
  return size > 8 ? null : refuse(`${join(dir, 'model.safetensors')} is empty.`, 'Download the model again.');
}

async function readObject(
  path: string,
): Promise<{ readonly model_type?: unknown; readonly weight_map?: unknown } | null> {
  const text = await readFile(path, 'utf8');
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}
