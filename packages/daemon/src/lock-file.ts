import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';

/** Another living process owns the directory. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
  readonly pid: number;
  constructor(path: string, pid: number) {
    super(`another process (pid ${pid}) uses this data directory: ${path}`);
    this.pid = pid;
  }
}

export interface LockFile {
  readonly path: string;
  close(): void;
}

export interface LockFileOptions {
  readonly path: string;
  /** Of this boot: a pid from before a reboot says nothing. */
  readonly bootId: string;
  readonly pid?: number;
  readonly isAlive?: (pid: number) => boolean;
}

/**
 * Takes a directory for this process. Throws a LockedError that names the pid while the owner lives; a dead owner's
 * lock, or one from before a reboot, is taken over.
 *
 * The file is written whole under another name and linked into place, so nobody ever reads half of it; `link` fails
 * where the name exists, which makes two starters at once one winner and one LockedError.
 */
export function openLockFile(options: LockFileOptions): LockFile {
  const { path, bootId, pid = process.pid, isAlive = isProcessAlive } = options;
  const own = `${pid} ${bootId}\n`;
  const draft = `${path}.${pid}`;
  writeFileSync(draft, own, { mode: 0o600 });
  try {
    // The second turn follows the removal of a dead owner's file; a third starter may win that race, never more.
    const turns = 3;
    for (let turn = 1; turn <= turns; turn += 1) {
      if (tryLink(draft, path)) return { path, close: () => removeIfOwn(path, own) };
      const owner = readOwner(path);
      if (owner !== null && owner.bootId === bootId && owner.pid !== pid && isAlive(owner.pid))
        throw new LockedError(path, owner.pid);
      discard(path, `${draft}.old`, owner?.text ?? null);
    }
    throw new LockedError(path, readOwner(path)?.pid ?? 0);
  } finally {
    unlinkSync(draft);
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Null when there is no such file. One that we did not write has no boot id of ours, and gives way. */
function readOwner(path: string): { text: string; pid: number; bootId: string } | null {
  try {
    const text = readFileSync(path, 'utf8');
    const match = /^(\d+) (\S+)\n$/.exec(text);
    return { text, pid: Number(match?.[1] ?? 0), bootId: match?.[2] ?? '' };
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/**
 * Renames before removing: of two starters that both found the owner dead, one rename succeeds. The other may come so
 * late that it holds the winner's fresh lock in its hand; it looks, and puts that back.
 */
function discard(path: string, aside: string, judged: string | null): void {
  try {
    renameSync(path, aside);
    if (readFileSync(aside, 'utf8') !== judged) tryLink(aside, path);
    unlinkSync(aside);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

function removeIfOwn(path: string, own: string): void {
  try {
    if (readFileSync(path, 'utf8') === own) unlinkSync(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

/** True as well for a process of another user, which may not be signalled. */
function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
