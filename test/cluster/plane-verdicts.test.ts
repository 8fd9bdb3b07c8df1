import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Verdict } from '@rankscope/schema';
import { afterEach, describe, expect, test } from 'vitest';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { analysisOf, chatBody, eventually, post } from '../support/plane-requests.ts';
import { nativeIsBuilt } from '../support/runner-subjects.ts';

const planes: StartedPlane[] = [];
afterEach(async () => {
  await Promise.all(planes.splice(0).map((plane) => plane.stop()));
});

const engines = nativeIsBuilt ? ['simulated', 'mlx'] : ['simulated'];
const cli = join(import.meta.dirname, '../../apps/cli/src/main.ts');

describe.each(engines)('what is said of two ranks (%s)', (engine) => {
  async function decoding(): Promise<{ plane: StartedPlane; inject: (fault: object) => Promise<Response> }> {
    const plane = await startPlane({ args: ['--engine', engine, '--model', 'tiny', '--ranks', '2'] });
    planes.push(plane);
    const inject = (fault: object) => post(`${plane.url}/v1/diagnostics/node/inject`, fault);
    await inject({ kind: 'delay', rank: 1, delayMs: 30, at: 'decode_barrier' });
    const answer = await post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: 400, stream: true }));
    const reader = answer.body?.getReader();
    for (let pieces = 0; pieces < 4; pieces += 1) await reader?.read();
    return { plane, inject };
  }
  const said = (plane: StartedPlane, holds: (verdict: Verdict) => boolean) =>
    eventually(
      async () => (await analysisOf(plane.url)).verdicts[0],
      (verdict) => verdict !== undefined && holds(verdict),
      20_000,
    );
  const culprits = (verdict: Verdict | undefined) => verdict?.culprits.map(({ rank }) => rank);

  test('a rank that hangs before a collective is named, with the collective that it has not come to', async () => {
    const { plane, inject } = await decoding();
    await inject({ kind: 'hang', rank: 1, at: 'decode_barrier' });
    const verdict = await said(plane, ({ severity }) => severity === 'critical');
    expect([verdict?.code, culprits(verdict), verdict?.victims]).toEqual(['BARRIER_MISSING_RANK', [1], [0]]);
    expect(verdict?.sentence).toMatch(
      /^Rank 1 left collective \d+ and never arrived at all_\w+ \d+ \(decode_barrier\)/,
    );
    const { status, stdout } = spawnSync(process.execPath, [cli, 'diagnose', '--exit-code', '--url', plane.url], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect([status, stdout]).toEqual([3, expect.stringContaining('BARRIER_MISSING_RANK, critical')]);
  });

  test('a rank that was killed is named, and the one that ended because of it is not', async () => {
    const { plane, inject } = await decoding();
    await inject({ kind: 'kill', rank: 1 });
    const verdict = await said(plane, ({ code }) => code === 'RANK_PROCESS_DEAD');
    expect(culprits(verdict)).toEqual([1]);
    expect(verdict?.sentence).toMatch(/^Rank 1 was killed by SIGKILL in decode_/);
  });

  test('a rank that is merely late is not called stuck', async () => {
    const { plane } = await decoding();
    const { verdicts } = await analysisOf(plane.url);
    expect(verdicts.filter(({ severity }) => severity === 'critical')).toEqual([]);
  });
});
