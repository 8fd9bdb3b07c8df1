import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the imported SmolLM2 lies in the cache; null when it was never fetched (`node apps/cli/bootstrap/models.mjs`). */
export function findSmollm2(): string | null {
  const models = join(process.env.RANKSCOPE_CACHE || join(homedir(), '.cache', 'rankscope'), 'models');
  if (!existsSync(models)) return null;
  const name = readdirSync(models).findLast(
    (entry) => entry.startsWith('smollm2-') && existsSync(join(models, entry, 'config.json')),
  );
  return name === undefined ? null : join(models, name);
}
