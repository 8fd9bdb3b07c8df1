import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { openRingReader } from '@rankscope/flight-recorder';

/**
 * Ends ranks of a plane that was killed, and says which.
 *
 * A rank ends by itself when its plane is gone; one that is stopped (SIGSTOP, a debugger) cannot. A pid alone would be
 * no proof, it may have been given to another process since: the process must hold the recorder open or mapped.
 */
export function endLeftovers(runnersDir: string, bootId: string): number[] {
  const rings = readdirSync(runnersDir).filter((name) => name.endsWith('.ring') && !name.endsWith('.supervisor.ring'));
  return rings
    .map((name) => join(runnersDir, name))
    .flatMap((path) => ownerOf(path, bootId) ?? [])
    .filter(end);
}

function ownerOf(path: string, bootId: string): number | null {
  try {
    const reader = openRingReader(path);
    reader.close();
    const { pid, bootId: writtenAt } = reader.header;
    return writtenAt === bootId && pid !== process.pid && holds(pid, path) ? pid : null;
  } catch {
    // No ring that we can read, or no such process.
    return null;
  }
}

function holds(pid: number, path: string): boolean {
  if (readFileSync(`/proc/${pid}/maps`, 'utf8').includes(path)) return true;
  return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === path);
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    // Closed while we looked.
    return null;
  }
}

function end(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    // It ended while we looked.
    return false;
  }
}
