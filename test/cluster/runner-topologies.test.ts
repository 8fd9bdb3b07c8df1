import { afterEach, describe, expect, test } from 'vitest';
import { doneOf, isToken, makeTask, type RankGroup, startRanks, textOf } from '../support/runner-harness.ts';
import { collectiveFaults, unpairedPhases } from '../support/runner-phases.ts';
import { nativeIsBuilt, tinyModel } from '../support/runner-subjects.ts';

let group: RankGroup | null = null;
afterEach(() => group?.close());

/** Asks two questions in a row: the second finds some of its prompt in the cache. */
async function answersOf({ ranks, sendAll }: RankGroup, samplingRank: number): Promise<string[]> {
  const answers: string[] = [];
  for (const question of ['What is a rank?', 'Say hello in Greek.']) {
    const task = makeTask(question);
    sendAll({ type: 'task', task });
    await Promise.all(ranks.map((rank) => rank.until('done', doneOf(task.taskId), 60_000)));
    for (const rank of ranks) expect(rank.messages.some(isToken)).toBe(rank.rank === samplingRank);
    answers.push(ranks.map((rank) => textOf(rank, task.taskId)).join(''));
  }
  return answers;
}

describe.skipIf(!nativeIsBuilt)('tiny over MLX (skipped where the native core is not built)', () => {
  test.each([
    { plan: 'single', worldSize: 1, samplingRank: 0 },
    { plan: 'tensor', worldSize: 2, samplingRank: 0 },
    { plan: 'pipeline', worldSize: 2, samplingRank: 1 },
    { plan: 'tensor', worldSize: 4, samplingRank: 0 },
    { plan: 'pipeline', worldSize: 4, samplingRank: 3 },
  ] as const)('$plan over $worldSize says what it learnt', async ({ plan, worldSize, samplingRank }) => {
    group = await startRanks({ engine: 'mlx', modelDir: tinyModel, plan, worldSize });
    await group.untilReady(60_000);
    expect(await answersOf(group, samplingRank)).toEqual([
      'A rank is one process that holds a part of the model.',
      'Γειά σου, κόσμε! That is: hello, world.',
    ]);
    group.sendAll({ type: 'shutdown', reason: null });
    for (const rank of group.ranks) {
      expect(await rank.ended).toMatchObject({ code: 0 });
      expect(unpairedPhases(rank.entries())).toEqual([]);
      expect(collectiveFaults(rank.entries())).toEqual([]);
    }
  });
});

test('sixteen simulated ranks of a pipeline answer as one; the last one samples', async () => {
  group = await startRanks({ modelDir: 'simulated?tokenMs=1', plan: 'pipeline', worldSize: 16 });
  await group.untilReady(60_000);
  const [first, second] = await answersOf(group, 15);
  expect(first).toBe(second);
});
