import type { Env } from './find-go.ts';
import { findProgram } from './find-program.ts';
import type { PartOutcome } from './part-outcome.ts';

/** The system's own. Nothing is installed here: the outcome names the command. */
export function findPrometheus(env: Env): PartOutcome {
  const path = findProgram('prometheus', env);
  if (path !== null) return { kind: 'ready', path };
  const fix =
    findProgram('apt-get', env) === null
      ? 'Install Prometheus and put `prometheus` on PATH.'
      : 'Run `sudo apt-get install -y --no-install-recommends prometheus`.';
  return { kind: 'absent', reason: '`prometheus` is not on the PATH', fix };
}
