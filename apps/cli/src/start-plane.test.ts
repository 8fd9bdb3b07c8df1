import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startPlane } from './start-plane.ts';
import type { Terminal } from './terminal.ts';

const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true });
});

/** A plane that says these messages and then does what `then` says. */
function start(messages: readonly object[], then = 'setInterval(() => {}, 1000)', readyDeadlineMs = 10_000) {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-up-'));
  made.push(dir);
  const main = join(dir, 'plane.mjs');
  writeFileSync(main, `for (const m of ${JSON.stringify(messages)}) process.send(m);\n${then}\n`);
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const terminal: Terminal = {
    isTty: false,
    canAsk: false,
    columns: 80,
    rows: 24,
    print: say,
    write: say,
    tell: say,
    status: say,
    style: (_, text) => text,
  };
  return { said, plane: startPlane({ args: [], env: process.env, readyDeadlineMs, terminal, main }) };
}

const listening = { type: 'listening', url: 'http://127.0.0.1:1' };

test('it listens, tells its progress, is ready, and ends when asked', async () => {
  const { plane, said } = start([
    listening,
    { type: 'progress', text: 'loading 1 of 2' },
    { type: 'ready', modelId: 'tiny' },
  ]);
  expect(await plane.listening).toBe('http://127.0.0.1:1');
  expect(await plane.ready).toEqual({ kind: 'ready', url: 'http://127.0.0.1:1', modelId: 'tiny' });
  expect(said).toEqual(['loading 1 of 2', '']);
  expect(plane.hasEnded()).toBe(false);
  expect(await plane.end(0)).toBe(0);
  expect(plane.signal.aborted).toBe(true);
});

test('how joining a cluster went is told as a line of its own', async () => {
  const progress = { type: 'progress', text: 'loading 1 of 2' };
  const { plane, said } = start([
    listening,
    progress,
    { type: 'cluster', text: 'It has joined.' },
    { type: 'ready', modelId: null },
  ]);
  await plane.ready;
  expect(said).toEqual(['loading 1 of 2', '', 'It has joined.']);
  await plane.end(0);
});

test('a plane that ends before it is ready has failed, with its own exit code', async () => {
  const { plane } = start([], 'process.exit(2)');
  expect(await plane.listening).toBeNull();
  expect(await plane.ready).toEqual({ kind: 'failed', reason: 'the plane ended with code 2', told: false });
  expect(await plane.ended).toBe(2);
  expect(await plane.end(1)).toBe(2);
});

test('a model that cannot be served is told in the plane’s words, and nobody waits for ever', async () => {
  const refused = start([listening, { type: 'failed', reason: '3 ranks cannot share 8 heads' }]);
  expect(await refused.plane.ready).toMatchObject({ kind: 'failed', reason: '3 ranks cannot share 8 heads' });
  await refused.plane.end(1);
  const silent = start([listening], undefined, 300);
  expect(await silent.plane.ready).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining('was not ready after'),
  });
  await silent.plane.end(1);
});

test('a plane that is killed cannot say so itself', async () => {
  const { plane, said } = start([listening, { type: 'ready', modelId: 'tiny' }]);
  await plane.ready;
  process.kill(plane.pid ?? 0, 'SIGKILL');
  expect(await plane.ended).toBe(1);
  expect(said).toContain(`rankscope: the plane (pid ${plane.pid}) was killed by SIGKILL`);
  const early = start([], "process.kill(process.pid, 'SIGKILL')");
  expect(await early.plane.ready).toMatchObject({ kind: 'failed', told: true });
  expect(early.said).toContain(`rankscope: the plane (pid ${early.plane.pid}) was killed by SIGKILL`);
  const ended = start([listening]);
  await ended.plane.listening;
  await ended.plane.end(0);
  expect(ended.said.join()).not.toContain('killed');
});
