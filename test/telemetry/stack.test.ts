import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { eventually, getJson } from '../support/plane-requests.ts';
import { testWith } from '../support/stack.ts';
import { type StackProcess, type StackProcessOptions, startStackProcess } from '../support/stack-process.ts';

const started: StackProcess[] = [];
const start = (options: StackProcessOptions) => {
  const stack = startStackProcess(options);
  started.push(stack);
  return stack;
};
const made: string[] = [];
const emptyDir = () => {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-empty-'));
  made.push(dir);
  return dir;
};
afterEach(async () => {
  for (const stack of started.splice(0)) await stack.close();
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true });
});

const all = ['collector', 'jaeger', 'prometheus'] as const;
const alone = ['--without', all.join(',')];
const planeAlone = ['--port', '0', '--no-model'];
const status = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(5_000) })).status;
const gone = (stack: StackProcess) => expect.poll(() => stack.children(), { timeout: 10_000 }).toEqual([]);

/** Prometheus asks for its targets every 5 s, tells itself of them 5 s later, and scrapes them in the 5 s after. */
const discoveredWithinMs = 60_000;

interface Targets {
  readonly data: { readonly activeTargets: readonly { readonly scrapeUrl: string; readonly health: string }[] };
}

testWith(all, 'npm run stack prints addresses that answer, and ends without a process left', async () => {
  const temporary = emptyDir();
  const stack = start({ npm: true, args: planeAlone, env: { TMPDIR: temporary } });
  await stack.untilUp();
  const prometheus = stack.address(/^Prometheus/);
  const collector = stack.address(/what it sent/);
  const answers = [
    stack.address(/^Rankscope/),
    `${stack.address(/^Jaeger/)}/api/services`,
    stack.address(/health$/),
    collector,
  ];
  expect(await Promise.all(answers.map(status))).toEqual(answers.map(() => 200));
  // Prometheus reads the plane and the Collector of this very stack.
  const { data } = await eventually(
    () => getJson<Targets>(`${prometheus}/api/v1/targets`),
    (targets) => targets.data.activeTargets.filter(({ health }) => health === 'up').length >= 2,
    discoveredWithinMs,
  );
  expect(data.activeTargets.map(({ scrapeUrl }) => scrapeUrl)).toEqual(
    expect.arrayContaining([collector, `${stack.address(/^Rankscope/)}/metrics`]),
  );
  stack.kill('SIGTERM');
  expect(await stack.ended).toEqual({ code: 0, signal: null });
  await gone(stack);
  expect(existsSync(join(stack.dataDir, 'stack/lock'))).toBe(false);
  // npm keeps its own code compiled there; nothing else may be left.
  expect(readdirSync(temporary).filter((name) => name !== 'node-compile-cache')).toEqual([]);
});

testWith(all, 'when a part dies the stack says which, ends the others and fails', async () => {
  const stack = start({ args: planeAlone });
  await stack.untilUp();
  const collector = stack.children().find(({ command }) => command.includes('otelcol'));
  process.kill(collector?.pid ?? 0, 'SIGKILL');
  expect(await stack.ended).toEqual({ code: 1, signal: null });
  expect(stack.err()).toMatch(new RegExp(`Collector \\(pid ${collector?.pid}\\) was killed by SIGKILL`));
  await gone(stack);
});

testWith(
  ['prometheus'],
  'a part that cannot start is said with its last lines, and nothing else is started',
  async () => {
    const dataDir = emptyDir();
    mkdirSync(join(dataDir, 'stack'));
    // Where Prometheus wants a directory.
    writeFileSync(join(dataDir, 'stack/prometheus'), '');
    const stack = start({ args: ['--without', 'collector,jaeger', ...planeAlone, '--data', dataDir] });
    expect(await stack.ended).toEqual({ code: 1, signal: null });
    expect(stack.err()).toMatch(/Prometheus \(pid \d+\) ended with code \d+; its last lines:\n.*not a directory/s);
    expect(stack.err()).not.toContain('Rankscope is at');
    await gone(stack);
  },
);

test('up that is killed is no success', async () => {
  const stack = start({ args: [...alone, ...planeAlone] });
  await stack.untilUp();
  const up = stack.children().find(({ command }) => / up .*--no-model/.test(command));
  process.kill(up?.pid ?? 0, 'SIGKILL');
  expect(await stack.ended).toEqual({ code: 1, signal: null });
  expect(stack.err()).toContain(`rankscope up (pid ${up?.pid}) was killed by SIGKILL\n`);
  await gone(stack);
});

testWith(all, 'a stack that is killed takes its parts with it', async () => {
  const stack = start({ args: planeAlone });
  await stack.untilUp();
  expect(stack.children().length).toBeGreaterThanOrEqual(5);
  stack.kill('SIGKILL');
  await stack.ended;
  await gone(stack);
});

test('flags go to up, and its exit code comes back', async () => {
  const asked = start({
    args: [...alone, '--port', '0', '--engine', 'simulated', '--ranks', '2', '--prompt', 'hello', '--exit'],
  });
  expect(await asked.ended, asked.err()).toEqual({ code: 0, signal: null });
  expect(asked.out()).toMatch(/^No model was asked/);
  expect(asked.err()).toMatch(/^Jaeger +- +left out by --without$/m);
  await gone(asked);
});

test('wrong usage is refused before anything is started', async () => {
  const wrong = [['--ranks', '0'], ['--without', 'grafana'], ['--prompt']].map((args) => start({ args }));
  expect(await Promise.all(wrong.map(({ ended }) => ended))).toEqual(wrong.map(() => ({ code: 2, signal: null })));
  expect(wrong.map((stack) => stack.err())).toEqual([
    expect.stringContaining('--ranks 0'),
    expect.stringContaining('it is one of collector, jaeger, prometheus'),
    expect.stringContaining('--prompt'),
  ]);
  for (const stack of wrong) await gone(stack);
});

test('Ctrl-C ends it with 130', async () => {
  const stack = start({ args: [...alone, ...planeAlone] });
  await stack.untilUp();
  stack.kill('SIGINT');
  expect(await stack.ended).toEqual({ code: 130, signal: null });
  await gone(stack);
});

test('what this machine lacks is said with the way out, and the rest runs', async () => {
  // Node alone on the PATH: no Go, no Prometheus, and nothing built before.
  const bare = start({ args: planeAlone, env: { PATH: dirname(process.execPath), RANKSCOPE_CACHE: emptyDir() } });
  await bare.untilUp();
  for (const name of all) expect(bare.err()).toContain(`going on without ${name}: `);
  expect(bare.err()).toContain('https://go.dev/dl');
  expect(await status(`${bare.address(/^Rankscope/)}/healthz`)).toBe(200);
});

test('a second stack in the same directory, and a port that is taken, are refused', async () => {
  const first = start({ args: [...alone, ...planeAlone] });
  await first.untilUp();
  const second = start({ args: [...alone, ...planeAlone, '--data', first.dataDir] });
  expect((await second.ended).code).toBe(1);
  expect(second.err()).toContain('Stop that stack, or give this one its own with --data.');
  const port = new URL(first.address(/^Rankscope/)).port;
  const third = start({ args: [...alone, '--no-model', '--port', port] });
  expect((await third.ended).code).toBe(1);
  expect(third.err()).toContain(`port ${port} is taken. Choose another with --port.`);
});

testWith(['prometheus'], 'a part whose default port is taken gets a free one, and that is said', async () => {
  const squatter = createServer();
  // Taken by somebody else already will do as well.
  await new Promise<void>((resolve) => squatter.once('error', () => resolve()).listen(9090, '127.0.0.1', resolve));
  const stack = start({ args: ['--without', 'collector,jaeger', ...planeAlone] });
  await stack.untilUp();
  squatter.close();
  const moved = /port 9090 \(prometheus\) is taken; using (\d+)/.exec(stack.err())?.[1];
  expect(stack.address(/^Prometheus/)).toBe(`http://127.0.0.1:${moved}`);
  expect(await status(`http://127.0.0.1:${moved}/-/ready`)).toBe(200);
});
