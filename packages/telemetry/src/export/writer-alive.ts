import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { RingHeader } from '@rankscope/flight-recorder';

/**
 * Whether the process that writes a recorder still lives. A pid alone is no proof, it may have been given to another
 * process since: where the system shows it, the process must hold the file.
 */
export function isWriterAlive({ pid, bootId }: RingHeader, path: string, ownBootId: string): boolean {
  if (bootId !== ownBootId) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is a process.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return holds(pid, path) ?? true;
}

/** Null where the system does not show it. */
function holds(pid: number, path: string): boolean | null {
  try {
    if (readFileSync(`/proc/${pid}/maps`, 'utf8').includes(path)) return true;
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === path);
  } catch {
    return null;
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    // Closed while we looked.
    return null;
  }
}
