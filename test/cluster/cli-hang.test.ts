import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ClusterTimelineWritten } from '@rankscope/schema';
import { drawnLanes } from '@rankscope/timeline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';

const bin = resolve(import.meta.dirname, '../../apps/cli/bin/rankscope.mjs');
const simulated = ['--engine', 'simulated', '--ranks', '2'];
/** A command that hangs is a failure of its own. */
const commandDeadlineMs = 30_000;

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function rankscope(args: readonly string[], url = ''): Promise<Said> {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, ...(url !== '' && { RANKSCOPE_URL: url }) };
  return new Promise((done) => {
    const child = execFile(process.execPath, [bin, ...args], { env, timeout: commandDeadlineMs }, (_, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

let plane: StartedPlane;
beforeAll(async () => {
  plane = await startPlane({ args: simulated });
});
afterAll(() => plane.stop());

test('a frozen rank is named, and goes on when it is let go', async () => {
  const injected = await rankscope(['inject', 'hang', '--rank', '1', '--at', 'decode', '--after', '2'], plane.url);
  expect(injected).toMatchObject({
    code: 0,
    out: expect.stringContaining('Let it go: rankscope inject release --rank 1'),
  });
  const answer = rankscope(['chat', 'hello'], plane.url);
  const frozen = await expect
    .poll(async () => (await rankscope(['timeline'], plane.url)).out, { timeout: 10_000, interval: 200 })
    .toMatch(/◆ rank 1 {2}left (\d+), has not entered \d+/)
    .then(() => rankscope(['timeline'], plane.url));

  const inside = Number(/rank 0 {2}inside \w+ (\d+) for/.exec(frozen.out)?.[1]);
  expect(frozen.out).toContain(`◆ rank 1  left ${inside - 1}, has not entered ${inside}`);
  for (const line of frozen.out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  // What a person pastes into an issue is a fixture already.
  expect(drawnLanes(frozen.out).runners.map(({ deviceRank, phase }) => [deviceRank, phase])).toEqual([
    [0, 'decode_barrier'],
    [1, 'decode_barrier'],
  ]);

  await rankscope(['inject', 'release', '--rank', '1'], plane.url);
  expect(await answer).toMatchObject({ code: 0, out: expect.stringMatching(/\w+/) });
});

test('--json is the published shape', async () => {
  const { out, code } = await rankscope(['timeline', '--json', '--limit', '50'], plane.url);
  expect(code).toBe(0);
  expect(ClusterTimelineWritten.parse(JSON.parse(out)).runners).toHaveLength(2);
});

test('nodes says who answers and what runs there', async () => {
  expect((await rankscope(['nodes'], plane.url)).out).toMatch(/ranks 0, 1 of tiny[\s\S]*1 of 1 nodes answer/);
});

test('up starts everything, answers once and ends', async () => {
  const data = mkdtempSync(join(tmpdir(), 'rankscope-up-'));
  const asked = await rankscope(['up', ...simulated, '--port', '0', '--data', data, '--prompt', 'hello', '--exit']);
  const refused = await rankscope(['up', '--ranks', '0', '--port', '0', '--data', data, '--exit']);
  rmSync(data, { recursive: true, force: true });
  expect(asked).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^No model was asked/),
    err: expect.stringContaining('Rankscope is at http://127.0.0.1:'),
  });
  expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--ranks 0') });
});
