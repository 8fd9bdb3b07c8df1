import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { LockedError, type LockFile, openLockFile, readBootId } from '@rankscope/daemon';
import { type Env, findGoFault } from './find-go.ts';
import type { PartOutcome } from './part-outcome.ts';
import { describeRecipe, type Recipe } from './recipe.ts';
import { runSteps } from './run-steps.ts';

export interface EnsureOptions {
  readonly env: Env;
  readonly cacheDir: string;
  /** Told what takes time, a line now and then. */
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** The longer build took 4 minutes on two quiet cores and 15 on two busy ones. */
const buildDeadlineMs = 30 * 60_000;
/** How soon the end of somebody else's build is seen. */
const lookAgainMs = 500;

const underWay = new Map<string, Promise<PartOutcome>>();

/**
 * The program from the cache, built into it the first time on this machine. Never throws for what a machine may lack:
 * the outcome says it.
 *
 * Go's own caches of modules and objects, some gigabytes, stand in the build's work directory, stay there while it does
 * not succeed so that the next try need not fetch again, and go when it has.
 */
export function ensurePart(recipe: Recipe, options: EnsureOptions): Promise<PartOutcome> {
  const home = homeOf(recipe, options.cacheDir);
  // The lock tells processes apart, not two calls within one.
  const outcome = underWay.get(home) ?? ensureIn(home, recipe, options).finally(() => underWay.delete(home));
  underWay.set(home, outcome);
  return outcome;
}

/** The program if it has been built, and nothing started if it has not. */
export function findBuiltPart(recipe: Recipe, cacheDir: string): PartOutcome {
  const home = homeOf(recipe, cacheDir);
  const path = join(home, recipe.name);
  if (existsSync(path)) return { kind: 'ready', path };
  const log = `${home}.work/build.log`;
  return {
    kind: 'absent',
    reason: existsSync(log) ? `its build did not come to an end, see ${log}` : 'it has not been built on this machine',
    fix: 'Run `node apps/cli/bootstrap/stack-parts.mjs`.',
  };
}

function homeOf(recipe: Recipe, cacheDir: string): string {
  const key = createHash('sha256').update(describeRecipe(recipe)).digest('hex').slice(0, 16);
  return join(cacheDir, 'go', `${recipe.name}-${recipe.version}-${key}`);
}

async function ensureIn(home: string, recipe: Recipe, options: EnsureOptions): Promise<PartOutcome> {
  const path = join(home, recipe.name);
  if (existsSync(path)) return { kind: 'ready', path };
  const fault = findGoFault(options.env);
  if (fault !== null) return fault;
  mkdirSync(join(options.cacheDir, 'go'), { recursive: true });
  const lock = await waitForLock(`${home}.lock`, recipe.title, options);
  if (lock === null)
    return {
      kind: 'absent',
      reason: `another build of it did not end within ${buildDeadlineMs / 60_000} minutes`,
      fix: `If there is none, remove ${home}.lock.`,
    };
  try {
    return existsSync(path) ? { kind: 'ready', path } : await build(home, recipe, options);
  } finally {
    lock.close();
  }
}

async function build(home: string, recipe: Recipe, { env, say, signal }: EnsureOptions): Promise<PartOutcome> {
  const work = `${home}.work`;
  mkdirSync(work, { recursive: true });
  for (const input of recipe.inputs) copyFileSync(input, join(work, basename(input)));
  say(`${recipe.title} ${recipe.version}: building it, once a machine (about ${recipe.about} on two cores) …`);
  const startedMs = performance.now();
  const failure = await runSteps(recipe, { work, env: goEnv(env, work), deadlineMs: buildDeadlineMs, say, signal });
  if (failure !== null) {
    const fix = 'Run it again, it goes on with what it has; where nothing can be fetched, see `go env GOPROXY`.';
    return { kind: 'absent', reason: failure, fix };
  }
  // Under its name only when it is whole, and by rename: whoever looks finds all of it or nothing.
  const fresh = mkdtempSync(`${home}.new-`);
  renameSync(join(work, recipe.name), join(fresh, recipe.name));
  renameSync(fresh, home);
  rmSync(work, { recursive: true, force: true });
  say(`${recipe.title}: built in ${Math.round((performance.now() - startedMs) / 1000)} s`);
  return { kind: 'ready', path: join(home, recipe.name) };
}

/** GOPROXY, GOSUMDB and the rest stay as the machine has them. Without C: then no compiler for it is needed. */
function goEnv(env: Env, work: string): Env {
  return {
    ...env,
    // `-modcacherw`: modules are unpacked read-only otherwise, and nobody could remove them.
    GOFLAGS: '-mod=mod -modcacherw -buildvcs=false',
    GOWORK: 'off',
    CGO_ENABLED: '0',
    GOBIN: join(work, 'bin'),
    GOMODCACHE: join(work, 'modules'),
    GOCACHE: join(work, 'objects'),
  };
}

/** Null when somebody else held it for longer than a build may take. A dead holder's lock is taken over. */
async function waitForLock(path: string, title: string, { say, signal }: EnsureOptions): Promise<LockFile | null> {
  const deadlineMs = performance.now() + buildDeadlineMs;
  const bootId = readBootId();
  for (let told = false; performance.now() < deadlineMs; ) {
    try {
      return openLockFile({ path, bootId });
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      if (!told) say(`${title}: another process (pid ${error.pid}) builds it; waiting for it …`);
      told = true;
    }
    await after(lookAgainMs, undefined, signal === undefined ? {} : { signal });
  }
  return null;
}
