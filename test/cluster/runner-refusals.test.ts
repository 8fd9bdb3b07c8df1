import { RankDeadlines, runnerExitCodes } from '@rankscope/schema';
import { afterEach, describe, expect, test } from 'vitest';
import { failedOf, makeTask, type RankGroup, startRanks } from '../support/runner-harness.ts';
import { untilPhase } from '../support/runner-phases.ts';
import { nativeIsBuilt, tinyModel } from '../support/runner-subjects.ts';

let group: RankGroup | null = null;
afterEach(() => group?.close());

const engines = [
  { engine: 'simulated', modelDir: 'simulated?tokenMs=1' },
  { engine: 'mlx', modelDir: tinyModel },
] as const;

for (const start of engines) {
  const skipped = start.engine === 'mlx' && !nativeIsBuilt;
  describe.skipIf(skipped)(
    `a rank, ${start.engine}${skipped ? ' (skipped: the native core is not built)' : ''}`,
    () => {
      test('whose peer never comes gives up at its deadline, and says what it waited for', async () => {
        const deadlines = RankDeadlines.parse({ connectMs: 1_500 });
        group = await startRanks({ ...start, worldSize: 2, deadlines });
        group.rank(1).kill('SIGKILL');
        const startedAt = performance.now();
        expect((await group.rank(0).ended).code).toBe(runnerExitCodes.connectFailed);
        expect(performance.now() - startedAt).toBeLessThan(6_000);
        expect(
          group
            .rank(0)
            .entries()
            .some(({ phase, event }) => phase === 'error' || event === 'deadline_passed'),
        ).toBe(true);
      });

      test('that is asked to end while it connects does so at once', async () => {
        group = await startRanks({ ...start, worldSize: 2 });
        group.rank(1).kill('SIGKILL');
        await group.rank(0).untilStatus('RunnerConnecting');
        group.rank(0).send({ type: 'shutdown', reason: null });
        const askedAt = performance.now();
        const end = await group.rank(0).ended;
        expect(end.code).toBe(runnerExitCodes.clean);
        expect(end.atMs - askedAt).toBeLessThan(1_000);
      });
    },
  );
}

test.skipIf(!nativeIsBuilt)(
  'a model directory that is none (needs the native core) ends the rank as such',
  async () => {
    group = await startRanks({ engine: 'mlx', modelDir: '/nowhere/at-all', worldSize: 1 });
    const failure = await group.rank(0).until('failed', failedOf(null));
    expect(failure).toMatchObject({ class: 'model_invalid', message: expect.stringContaining('/nowhere/at-all') });
    expect((await group.rank(0).ended).code).toBe(runnerExitCodes.modelInvalid);
  },
);

test('ranks that were given different tasks drop them together, and rest again', async () => {
  group = await startRanks({ modelDir: 'simulated?tokenMs=1', worldSize: 2 });
  await group.untilReady();
  const tasks = [makeTask('only here'), makeTask('only there')];
  for (const [rank, task] of tasks.entries()) group.rank(rank).send({ type: 'task', task });
  for (const [rank, task] of tasks.entries()) {
    const failure = await group.rank(rank).until('failed', failedOf(task.taskId));
    expect(failure).toMatchObject({ class: 'internal', message: expect.stringContaining('no task in common') });
    await untilPhase(group.rank(rank), 'idle');
  }
});
