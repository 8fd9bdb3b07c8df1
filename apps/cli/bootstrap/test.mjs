// `npm test`: brings the machine to where tests can run, runs every stage under its deadline, and ends with one line.
// `npm test -- house native` runs those stages only.
import './require-node.mjs';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureSystemPackages } from './system-packages.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const reports = `${root}build/test-reports`;
const node = process.execPath;
const script = (name, ...args) => [node, `${root}apps/cli/bootstrap/${name}`, ...args];
const vitest = (project, ...args) => [
  node,
  `${root}node_modules/vitest/vitest.mjs`,
  'run',
  '--project',
  project,
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reports}/${project}.json`,
  ...args,
];
const serial = '--no-file-parallelism'; // stages that start processes: on two cores they would starve each other

/**
 * Budgets are minutes on two cores; a stage is ended at one and a half times its budget. What prepares all stages always
 * runs, and nothing runs when it fails; what prepares one runs with that one, whose tests skip what it could not get.
 */
const stages = [
  { name: 'native core', minutes: 6, command: script('native.mjs', '--require'), prepares: 'all' },
  { name: 'explorer', minutes: 3, command: script('web.mjs'), prepares: 'all' },
  { name: 'models', minutes: 6, command: script('models.mjs'), prepares: 'all' },
  { name: 'check', minutes: 3, command: script('check.mjs') },
  { name: 'packages', minutes: 3, command: vitest('packages'), report: 'packages' },
  { name: 'apps', minutes: 5, command: vitest('apps'), report: 'apps' },
  { name: 'house', minutes: 2, command: vitest('house'), report: 'house' },
  // Waits for the build that began in the background: from here on tests look at the clock.
  { name: 'stack parts', minutes: 12, command: script('stack-parts.mjs'), prepares: 'telemetry' },
  { name: 'native', minutes: 9, command: vitest('native', serial), report: 'native' },
  { name: 'telemetry', minutes: 10, command: vitest('telemetry', serial), report: 'telemetry' },
  { name: 'cluster', minutes: 14, command: vitest('cluster', serial), report: 'cluster' },
  { name: 'chaos', minutes: 10, command: vitest('chaos', serial), report: 'chaos' },
  { name: 'web', minutes: 5, command: vitest('web', serial), report: 'web' },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !stages.some((stage) => stage.name === name));
if (unknown.length > 0) {
  console.error(`no such stage: ${unknown.join(', ')}; there are: ${stages.map((s) => s.name).join(', ')}`);
  process.exit(2);
}
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);
const chosen = stages.filter(
  ({ name, prepares }) => prepares === 'all' || isWanted(name) || (prepares !== undefined && isWanted(prepares)),
);

/** Runs one stage in a process group of its own, so that a stage that is late ends with all its children. */
function run(stage) {
  return new Promise((done) => {
    const [program, ...args] = stage.command;
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
      env: { ...process.env, CI: process.env.CI ?? '' },
    });
    const limitMs = stage.minutes * 1.5 * 60_000;
    const timer = setTimeout(() => {
      console.log(`\nstage ${stage.name} passed its deadline of ${stage.minutes * 1.5} minutes`);
      process.kill(-child.pid, 'SIGKILL');
    }, limitMs);
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      done(code ?? `signal ${signal}`);
    });
  });
}

/** Minutes of compiling from an empty cache, for which the tests before need not wait. */
function beginStackParts() {
  const [program, ...args] = [...script('stack-parts.mjs'), '--background'];
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  process.on('exit', () => child.kill('SIGTERM'));
}

function count(stage, status) {
  if (!stage.report)
    return stage.prepares && status === 0
      ? { passed: 0, failed: 0, skipped: 0 }
      : { passed: Number(status === 0), failed: Number(status !== 0), skipped: 0 };
  try {
    const report = JSON.parse(readFileSync(`${reports}/${stage.report}.json`, 'utf8'));
    const failed =
      report.numFailedTests +
      report.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0).length;
    // A red exit with no red test (an unhandled rejection, a deadline) is a failure all the same.
    return {
      passed: report.numPassedTests,
      failed: status === 0 ? failed : Math.max(1, failed),
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

ensureSystemPackages();
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const total = { passed: 0, failed: 0, skipped: 0 };
const lines = [];
if (chosen.some(({ name }) => name === 'stack parts')) beginStackParts();
for (const stage of chosen) {
  const started = Date.now();
  console.log(`\n── ${stage.name} ──`);
  const status = await run(stage);
  const result = count(stage, status);
  for (const key of ['passed', 'failed', 'skipped']) total[key] += result[key];
  const seconds = Math.round((Date.now() - started) / 1000);
  lines.push(
    `${stage.name.padEnd(12)} ${String(seconds).padStart(5)} s  ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`,
  );
  if (stage.prepares === 'all' && status !== 0) break;
}
console.log(`\n${lines.join('\n')}\n`);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed === 0 ? 0 : 1);
