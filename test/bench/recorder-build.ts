import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const directory = join(root, 'build/recorder');
/** A build from nothing takes half a minute on two cores; a compiler that is silent for longer than this hangs. */
const buildDeadlineMs = 170_000;

/** Builds a program of native/recorder alone, without MLX and Node, and gives its path; or says why it cannot be built. */
export function buildRecorderProgram(
  target: string,
): { readonly kind: 'built'; readonly path: string } | { readonly kind: 'refused'; readonly reason: string } {
  const steps = [
    ['-S', join(root, 'native/recorder'), '-B', directory],
    ['--build', directory, '--target', target],
  ];
  for (const args of steps) {
    const { error, status, stdout, stderr } = spawnSync('cmake', args, { encoding: 'utf8', timeout: buildDeadlineMs });
    if (error !== undefined) return { kind: 'refused', reason: `cmake cannot be run: ${error.message}` };
    if (status !== 0) throw new Error(`cmake ${args.join(' ')} failed:\n${stdout}${stderr}`);
  }
  return { kind: 'built', path: join(directory, 'tests', target) };
}
