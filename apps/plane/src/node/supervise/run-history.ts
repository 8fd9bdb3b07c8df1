import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** The recorders of so many runs stay on disk, the present one included: enough to look back, at 8 MiB a rank. */
export const keptRuns = 8;

const History = z.array(z.object({ instanceId: z.string(), runnerIds: z.array(z.string()) }));

/** Notes a run and removes the files of runs that are too old to keep. Files it does not know the owner of go too. */
export function writeRunHistory(runnersDir: string, run: { instanceId: string; runnerIds: readonly string[] }): void {
  const path = join(runnersDir, 'runs.json');
  const kept = [...readHistory(path), { instanceId: run.instanceId, runnerIds: [...run.runnerIds] }].slice(-keptRuns);
  const owners = new Set(kept.flatMap((one) => one.runnerIds));
  for (const name of readdirSync(runnersDir)) {
    const owner = /^(.+?)(\.supervisor)?\.(ring|log)$/.exec(name)?.[1];
    if (owner !== undefined && !owners.has(owner)) rmSync(join(runnersDir, name), { force: true });
  }
  writeFileSync(`${path}.new`, JSON.stringify(kept));
  renameSync(`${path}.new`, path);
}

function readHistory(path: string): z.infer<typeof History> {
  try {
    return History.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // None yet, or half written by a machine that lost power: then the files of older runs are simply not kept.
    return [];
  }
}
