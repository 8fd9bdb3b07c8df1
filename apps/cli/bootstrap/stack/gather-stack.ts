import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LockedError, type LockFile, openLockFile, readBootId } from '@rankscope/daemon';
import type { Terminal } from '../../src/terminal.ts';
import { exitCodes } from '../../src/usage-error.ts';
import { claimPorts } from './claim-ports.ts';
import type { Env } from './find-go.ts';
import { findParts } from './find-parts.ts';
import type { StackFacts } from './plan-parts.ts';
import { namesPort, partNames, type StackFlags } from './plan-stack.ts';
import { readPlaneSettings } from './read-plane-settings.ts';
import { wishedPorts } from './stack-ports.ts';

export interface StackOptions {
  readonly env: Env;
  readonly terminal: Terminal;
}

export type Gathered =
  | { readonly kind: 'gathered'; readonly facts: StackFacts; readonly lock: LockFile }
  /** Why has been said. */
  | { readonly kind: 'refused'; readonly code: number };

/** Everything the start depends on: what the plane will be, the directory, the programs, the ports. */
export async function gatherStack(
  { upArgs, without }: StackFlags,
  { env, terminal }: StackOptions,
  signal: AbortSignal,
): Promise<Gathered> {
  const read = readPlaneSettings(upArgs, env);
  if (read.kind === 'refused') return read;
  const { settings } = read;
  const stackDir = join(settings.dataDir, 'stack');
  const lock = takeDirectory(stackDir, terminal);
  if (lock === null) return { kind: 'refused', code: exitCodes.failed };
  const refuse = (reason?: string): Gathered => {
    lock.close();
    if (reason !== undefined) terminal.tell(`rankscope: ${reason}`);
    return { kind: 'refused', code: exitCodes.failed };
  };

  const say = (line: string) => terminal.tell(`rankscope: ${line}`);
  const parts = await findParts(without, { env, cacheDir: settings.cacheDir, say, signal });
  if (signal.aborted) return refuse();
  for (const name of partNames) {
    const part = parts[name];
    if (part.kind === 'absent' && part.fix !== '') say(`going on without ${name}: ${part.reason}. ${part.fix}`);
  }
  const { ports, moved } = await claimPorts({ ...wishedPorts, plane: settings.port });
  for (const name of moved) {
    if (name !== 'plane') say(`port ${wishedPorts[name]} (${name}) is taken; using ${ports[name]}`);
    else if (namesPort(upArgs, env)) return refuse(`port ${settings.port} is taken. Choose another with --port.`);
    else say(`port ${settings.port} of the plane is taken; using ${ports.plane}`);
  }
  return { kind: 'gathered', facts: { parts, ports, settings, upArgs, stackDir, env }, lock };
}

/** Two stacks in one directory would write the same queue. */
function takeDirectory(path: string, terminal: Terminal): LockFile | null {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  try {
    return openLockFile({ path: join(path, 'lock'), bootId: readBootId() });
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    terminal.tell(`rankscope: ${error.message}. Stop that stack, or give this one its own with --data.`);
    return null;
  }
}
