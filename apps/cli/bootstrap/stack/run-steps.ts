import { spawn } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Env } from './find-go.ts';
import type { Recipe, Step } from './recipe.ts';

export interface RunOptions {
  readonly work: string;
  readonly env: Env;
  /** For all steps together. */
  readonly deadlineMs: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** Often enough to show that it lives, seldom enough to be read between the lines of tests. */
const progressEveryMs = 30_000;
/** A line of Go's may name a dozen hosts. */
const longestReason = 400;

/** Runs the steps of a recipe one after the other. Null when all went well, else what went wrong; `build.log` has it all. */
export async function runSteps(recipe: Recipe, options: RunOptions): Promise<string | null> {
  const late = AbortSignal.timeout(options.deadlineMs);
  const signal = AbortSignal.any([late, ...(options.signal ? [options.signal] : [])]);
  const log = join(options.work, 'build.log');
  writeFileSync(log, '');
  const startedMs = performance.now();
  for (const step of recipe.steps) {
    const seen = { modules: 0, packages: 0, last: '' };
    const progress = setInterval(
      () => options.say(`${recipe.title}: ${describe(step, seen)}, ${clock(performance.now() - startedMs)}`),
      progressEveryMs,
    );
    const onLine = (line: string) => {
      appendFileSync(log, `${line}\n`);
      if (line.startsWith('go: downloading ')) seen.modules += 1;
      else if (/^[\w./-]+$/.test(line)) seen.packages += 1;
      else if (line.trim() !== '') seen.last = line.trim();
    };
    const code = await run(step, { ...options, signal, onLine }).finally(() => clearInterval(progress));
    if (late.aborted) return `${step.doing} took longer than ${options.deadlineMs / 60_000} minutes; see ${log}`;
    if (signal.aborted) return `${step.doing} was interrupted`;
    if (code !== 0)
      return `${step.doing} failed: ${seen.last.slice(0, longestReason) || `exit code ${code}`}; see ${log}`;
  }
  return null;
}

function run(
  step: Step,
  { work, env, signal, onLine }: RunOptions & { readonly onLine: (line: string) => void },
): Promise<number> {
  const program = step.program.includes('/') ? join(work, step.program) : step.program;
  const child = spawn(program, step.args, {
    cwd: join(work, step.cwd),
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine);
  return new Promise((resolve) => {
    // Aborted, or not there at all: `close` follows the first and not the second.
    child.on('error', (error) => {
      onLine(error.message);
      if (child.pid === undefined) resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function describe({ doing }: Step, { modules, packages }: { modules: number; packages: number }): string {
  if (packages > 0) return `${doing}, ${packages} packages so far`;
  return modules > 0 ? `${doing}, ${modules} modules fetched` : doing;
}

function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
