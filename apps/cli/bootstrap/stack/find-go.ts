import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { Absent } from './part-outcome.ts';

/** What the Collector's builder asks for; Jaeger asks for less. */
const oldestGo = [1, 25] as const;
/** From this one on `go` fetches the Go that a module asks for, unless it is told not to. */
const fetchesItself = [1, 21] as const;
const install = 'Install Go 1.25 or newer from https://go.dev/dl and put it first on PATH.';

export type Env = Readonly<Record<string, string | undefined>>;

/** Null when the `go` on the PATH can build the parts. */
export function findGoFault(env: Env): Absent | null {
  // Elsewhere than here: a go.mod or go.work around us must not have a say.
  const { status, stdout } = spawnSync('go', ['env', 'GOVERSION', 'GOTOOLCHAIN'], {
    cwd: tmpdir(),
    env: { ...env },
    encoding: 'utf8',
  });
  if (status !== 0) return { kind: 'absent', reason: 'there is no `go` on the PATH to build it', fix: install };
  const [version = '', toolchain = ''] = stdout.split('\n');
  return judgeGo(version, toolchain);
}

/** `go1.26.8` and what GOTOOLCHAIN says. A version that we cannot read is a developer's own: let it try. */
export function judgeGo(version: string, toolchain: string): Absent | null {
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return null;
  const isAtLeast = ([wantedMajor, wantedMinor]: readonly [number, number]) =>
    Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor);
  if (isAtLeast(oldestGo) || (isAtLeast(fetchesItself) && toolchain !== 'local')) return null;
  return { kind: 'absent', reason: `${version} is too old to build it`, fix: install };
}
