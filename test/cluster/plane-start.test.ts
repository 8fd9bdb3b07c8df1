import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { eventually, getJson, isAlive, post, timelineOf } from '../support/plane-requests.ts';

const main = resolve(import.meta.dirname, '../../apps/plane/src/main.ts');
const planes: StartedPlane[] = [];
const dirs: string[] = [];
afterEach(async () => {
  await Promise.all(planes.splice(0).map((plane) => plane.stop()));
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function freshDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-start-'));
  dirs.push(dir);
  return dir;
}

/** Runs a plane that should not stay. */
function plane(args: readonly string[], env: Record<string, string> = {}) {
  const { PATH = '', HOME = '' } = process.env;
  const options = { encoding: 'utf8', timeout: 20_000, env: { PATH, HOME, ...env } } as const;
  return spawnSync(process.execPath, [main, '--no-model', ...args], options);
}

test('a wrong setting ends with 2 and says every fault', () => {
  const { status, stderr } = plane(['--prot', '1'], { RANKSCOPE_LOG: 'loud' });
  expect(status).toBe(2);
  expect(stderr).toMatch(/--prot is not a flag; did you mean --port\?/);
  expect(stderr).toMatch(/RANKSCOPE_LOG = "loud"/);
});

test('the configuration can be looked at, without the token', () => {
  const { status, stdout } = plane(['--print-config', '--port', '7'], { RANKSCOPE_TOKEN: 'a-token-of-some-length' });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^RANKSCOPE_PORT=7$/m);
  expect(stdout).toMatch(/^RANKSCOPE_TOKEN=\(set\)$/m);
});

test('a port that is taken ends with 1 and names the port, the flag and who has it', async () => {
  const first = await startPlane();
  planes.push(first);
  const { port } = new URL(first.url);
  const nodeId = await getJson<string>(`${first.url}/node_id`);
  const second = plane(['--port', port, '--data', freshDir()]);
  expect(second.status).toBe(1);
  expect(second.stderr).toMatch(new RegExp(`port ${port} is in use, a Rankscope plane \\(node ${nodeId}\\).*--port`));
});

test('a data directory that is taken is refused with the pid of its plane', async () => {
  const first = await startPlane();
  planes.push(first);
  const { status, stderr } = plane(['--port', '0', '--data', first.dataDir]);
  expect(status).toBe(1);
  expect(stderr).toMatch(new RegExp(`pid ${first.pid}.*--data`));
});

test('progress is news of the level info, for the log and for the parent', async () => {
  for (const [level, progress] of [
    ['info', true],
    ['error', false],
  ] as const) {
    const one = await startPlane({ args: ['--engine', 'simulated', '--ranks', '2', '--log', level] });
    planes.push(one);
    expect([level, one.told().includes('progress')]).toEqual([level, progress]);
    expect(one.told().at(-1)).toBe('ready');
    expect(one.log() !== '').toBe(progress);
  }
});

test('more ranks than the model can be cut for are refused once, before any is started', async () => {
  for (const [args, reason] of [
    [['--ranks', '5'], /this model has 4: take --ranks 4 or fewer/],
    [['--ranks', '3', '--plan', 'tensor'], /kv heads 4.*take --ranks 1, 2 or 4, or --plan pipeline/],
  ] as const) {
    const dataDir = freshDir();
    await expect(startPlane({ args: ['--model', 'tiny', ...args], dataDir })).rejects.toThrow(reason);
    expect(readdirSync(join(dataDir, 'runners'))).toEqual([]);
  }
});

test('a node keeps its id', async () => {
  const dataDir = freshDir();
  const ids: string[] = [];
  for (let i = 0; i < 2; i += 1) {
    const one = await startPlane({ dataDir });
    ids.push(await getJson<string>(`${one.url}/node_id`));
    await one.stop();
  }
  expect(ids[0]).toBe(ids[1]);
});

test('beyond loopback every question needs the token', async () => {
  const token = 'a-token-of-some-length';
  const one = await startPlane({ args: ['--no-model', '--host', '0.0.0.0'], env: { RANKSCOPE_TOKEN: token } });
  planes.push(one);
  const url = one.url.replace('0.0.0.0', '127.0.0.1');
  expect((await fetch(`${url}/node_id`)).status).toBe(401);
  expect((await fetch(`${url}/node_id`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
});

test('a plane whose parent is gone ends, and its ranks with it', async () => {
  const script = `
    const { fork } = require('node:child_process');
    const plane = fork(process.argv[1], ['--port', '0', '--data', process.argv[2], '--engine', 'simulated', '--ranks', '2'], { stdio: 'ignore' });
    let url = '';
    plane.on('message', (m) => { url = m.url ?? url; if (m.type === 'ready') console.log(plane.pid + ' ' + url); });`;
  const parent = spawn(process.execPath, ['-e', script, main, freshDir()], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((done) =>
    parent.stdout.once('data', (bytes: Buffer) => done(bytes.toString())),
  );
  const [pid = '', url = ''] = line.trim().split(' ');
  const ranks = (await timelineOf(url)).runners.map((runner) => runner.pid ?? 0);
  parent.kill('SIGKILL');
  const alive = () => Promise.resolve([Number(pid), ...ranks].map(isAlive));
  await eventually(alive, (all) => !all.includes(true), 10_000);
});

test('a stopped rank of a killed plane is ended by the next', async () => {
  const dataDir = freshDir();
  const args = ['--engine', 'simulated', '--ranks', '2'];
  const killed = await startPlane({ args, dataDir });
  const pids = (await timelineOf(killed.url)).runners.map(({ pid }) => pid ?? 0);
  await post(`${killed.url}/v1/diagnostics/node/inject`, { kind: 'stop', rank: 1 });
  process.kill(killed.pid, 'SIGKILL');
  await eventually(
    () => Promise.resolve(isAlive(pids[0] ?? 0)),
    (alive) => !alive,
  );
  expect(isAlive(pids[1] ?? 0)).toBe(true);
  const next = await startPlane({ args, dataDir });
  planes.push(next);
  await eventually(
    () => Promise.resolve(isAlive(pids[1] ?? 0)),
    (alive) => !alive,
  );
});

test('a port that a foreign program has is refused as well', async () => {
  const other = createServer((socket) => socket.end());
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const address = other.address();
  const port = typeof address === 'object' && address ? String(address.port) : '0';
  // In a child of its own: this process must answer the probe meanwhile.
  const child = spawn(process.execPath, [main, '--no-model', '--port', port, '--data', freshDir()], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const code = await new Promise((done) => child.once('exit', done));
  expect([code, said]).toEqual([1, expect.stringMatching(/another program listens there/)]);
  other.close();
});
