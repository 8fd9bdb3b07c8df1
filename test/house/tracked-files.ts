import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** What git tracks or would track, as paths from the root. */
export const trackedFiles: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\0')
  .filter((file) => file !== '' && !missing(file));

export const textOf = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

/** Files whose text matches, so that a failing test names them. */
export function filesMatching(pattern: RegExp, among: (file: string) => boolean): string[] {
  return trackedFiles.filter((file) => among(file) && pattern.test(textOf(file)));
}

function missing(file: string): boolean {
  try {
    readFileSync(`${root}${file}`);
    return false;
  } catch {
    return true;
  }
}
