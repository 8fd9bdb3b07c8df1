import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { exitCodes } from '../../src/usage-error.ts';
import type { Env } from './find-go.ts';
import { type PlaneSettings, parsePlaneSettings } from './plan-stack.ts';
import { repositoryRoot } from './repository-root.ts';

export const rankscopeBin = join(repositoryRoot, 'apps/cli/bin/rankscope.mjs');

/** It reads flags and environment and prints them. */
const printDeadlineMs = 30_000;

export type ReadSettings =
  | { readonly kind: 'read'; readonly settings: PlaneSettings }
  /** What is wrong with the flags or the environment has been said. */
  | { readonly kind: 'refused'; readonly code: number };

/** What the plane will be, by its own reading of flags and environment: nobody else knows them all. */
export function readPlaneSettings(upArgs: readonly string[], env: Env): ReadSettings {
  // First, or a flag whose value was forgotten would swallow it.
  const { status, stdout } = spawnSync(process.execPath, [rankscopeBin, 'up', '--print-config', ...upArgs], {
    env: { ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    timeout: printDeadlineMs,
  });
  if (status !== 0) return { kind: 'refused', code: status ?? exitCodes.failed };
  return { kind: 'read', settings: parsePlaneSettings(stdout) };
}
