import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { NativePlan } from '../../native/lib/index.ts';
import { findSmollm2 } from './support/find-smollm2.ts';
import { joinAll, startLoadedRanks, startRanks, tinyDirectory } from './support/ranks.ts';

// The real model is fetched by apps/cli/bootstrap/models.mjs; where it is not, these tests are skipped and say so.
const smollm2 = findSmollm2();
const smollm2Directory = smollm2 ?? '';

interface FixturePrompt {
  readonly promptTokens: readonly number[];
  readonly greedyTokens: readonly number[];
  readonly logits: { readonly first: readonly number[] };
}

const fixtureFile = fileURLToPath(new URL('../support/mlx-lm/fixture.json', import.meta.url));
const fixture = JSON.parse(readFileSync(fixtureFile, 'utf8')) as {
  readonly models: Record<'tiny' | 'smollm2', { readonly prompts: readonly FixturePrompt[] }>;
};

/** Every rank's tokens, and the logits of whichever rank has them. */
async function ask(dir: string, plan: NativePlan, world: number, prompts: readonly FixturePrompt[], most: number) {
  const ranks = await startLoadedRanks({ world, plan, dir });
  const answers = [];
  for (const { promptTokens, greedyTokens } of prompts) {
    const options = {
      tokens: Int32Array.from(promptTokens),
      maxTokens: Math.min(most, greedyTokens.length),
      prefillChunk: 8,
      wantLogits: true,
    };
    const results = await Promise.all(ranks.map((rank) => rank.generate(options)));
    const logits = results.find((result) => result.logits !== null)?.logits ?? new Float32Array();
    answers.push({ tokens: results.map((result) => [...result.tokens]), logits });
  }
  for (const rank of ranks) rank.child.kill('SIGKILL');
  return answers;
}

function furthestApart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN)));
  return most;
}

const topologies: readonly (readonly [NativePlan, number])[] = [
  ['pipeline', 2],
  ['pipeline', 4],
  ['tensor', 2],
  ['tensor', 4],
];

test('the tiny model says on every topology what mlx-lm says on one rank', async () => {
  const { prompts } = fixture.models.tiny;
  const single = await ask(tinyDirectory, 'single', 1, prompts, 64);
  for (const [i, prompt] of prompts.entries()) {
    expect(single[i]?.tokens[0], 'single against mlx-lm').toEqual(prompt.greedyTokens.slice(0, 64));
    const first = single[i]?.logits.slice(0, prompt.logits.first.length) ?? [];
    expect(furthestApart(first, prompt.logits.first), 'single against mlx-lm').toBeLessThan(1e-4);
  }
  for (const [plan, world] of topologies) {
    // Four ranks on two cores need 20 ms a collective: a few tokens of each answer.
    const most = world > 2 ? 6 : 24;
    const several = await ask(tinyDirectory, plan, world, prompts, most);
    for (const [i, prompt] of prompts.entries()) {
      for (const tokens of several[i]?.tokens ?? [])
        expect(tokens, `${plan} ${world}`).toEqual(prompt.greedyTokens.slice(0, most));
      expect(furthestApart(several[i]?.logits ?? [], single[i]?.logits ?? []), `${plan} ${world}`).toBeLessThan(1e-4);
    }
  }
});

test.skipIf(smollm2 === null)('SmolLM2 says on every topology what mlx-lm says on one rank', async () => {
  const prompts = fixture.models.smollm2.prompts.slice(0, 2);
  const single = await ask(smollm2Directory, 'single', 1, prompts, 24);
  for (const [i, prompt] of prompts.entries()) expect(single[i]?.tokens[0]).toEqual(prompt.greedyTokens.slice(0, 24));
  for (const [plan, world] of [
    ['pipeline', 2],
    ['pipeline', 3],
    ['tensor', 3],
  ] as const) {
    const several = await ask(smollm2Directory, plan, world, prompts, 12);
    for (const [i, prompt] of prompts.entries()) {
      for (const tokens of several[i]?.tokens ?? [])
        expect(tokens, `${plan} ${world}`).toEqual(prompt.greedyTokens.slice(0, 12));
      expect(furthestApart(several[i]?.logits ?? [], single[i]?.logits ?? []), `${plan} ${world}`).toBeLessThan(1e-4);
    }
  }
});

test.skipIf(smollm2 === null)('a tensor plan that does not divide is refused before the group is touched', async () => {
  const ranks = await startRanks({ world: 2 });
  await joinAll(ranks);
  // Only one rank asks: were the group touched, it would wait for the other.
  await expect(ranks[0]?.load(smollm2Directory, 'tensor')).rejects.toThrow(
    'tensor plan over 2 ranks needs attention heads and kv heads divisible by 2; this model has 9 and 3; use pipeline, or 3 ranks',
  );
});
