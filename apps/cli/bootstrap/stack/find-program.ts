import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Env } from './find-go.ts';

/** Where a program is on the PATH, or null. */
export function findProgram(name: string, env: Env): string | null {
  const places = (env.PATH ?? '').split(delimiter).filter((dir) => dir !== '');
  return places.map((dir) => join(dir, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
