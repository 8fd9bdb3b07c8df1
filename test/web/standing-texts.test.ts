import { lanes, rankPositions } from '@rankscope/timeline';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeEndings, findEndings } from '../../apps/web/src/ranks/endings.ts';
import { absentTexts, insideTexts } from '../../apps/web/src/ranks/standing-texts.ts';
import { createBoardMaker } from '../../apps/web/src/timeline/rows.ts';
import { instanceId, tellStory } from './support/story.ts';

const nowMs = Date.parse('2026-11-22T02:41:48Z');

function positionsOf(told: ReturnType<typeof tellStory>) {
  return rankPositions(lanes(told.timeline), nowMs * 1000, told.analysis);
}

test('a plate has words for the widest lane and for the narrowest', () => {
  const [inside, absent] = positionsOf(tellStory({ ranks: 2, missing: 1, stuckSeconds: 4, nowMs }));
  if (!inside?.inside || !absent) throw new Error('two ranks were told');
  expect(absentTexts(absent)).toEqual([
    'not there: left 412, has not entered 413',
    'left 412, has not entered 413',
    'not in 413',
  ]);
  expect(insideTexts(inside.inside)).toEqual(['inside all_sum 413, layer 12', 'inside all_sum 413', 'in 413']);
});

test('no plate ever shows a value that is no text', () => {
  const some = fc.record({
    ranks: fc.integer({ min: 2, max: 5 }),
    missing: fc.constantFrom(0, 1, null),
    stuckSeconds: fc.double({ min: 0, max: 9, noNaN: true }),
    deadRank: fc.constantFrom(undefined, 0, 1),
    neverReported: fc.nat(1),
  });
  fc.assert(
    fc.property(some, (options) => {
      const { rows } = createBoardMaker()(tellStory({ ...options, nowMs }));
      const texts = rows.flatMap(({ standing }) => (standing.kind === 'none' ? [] : standing.texts));
      for (const text of texts) expect(text).not.toMatch(/object|undefined|null|NaN/);
    }),
    { numRuns: 50 },
  );
});

test('a rank that was killed and those that ended of it are told in one sentence', () => {
  const told = tellStory({ ranks: 3, missing: null, deadRank: 1, stuckSeconds: 4, nowMs });
  const { timeline, analysis } = told;
  const lost = { ...analysis, runners: analysis.runners.map((runner) => ({ ...runner, ...endOf(runner.deviceRank) })) };
  const ended = { ...timeline, runners: timeline.runners.map((runner) => ({ ...runner, processAlive: false })) };
  const found = findEndings(positionsOf({ timeline: ended, analysis: lost }), lanesOf(ended), instanceId);
  expect(describeEndings(found, nowMs)).toMatch(
    /^Rank 1 was killed by SIGKILL \d+\.\d s ago; ranks 0 and 2 ended with “A peer was lost”\.$/,
  );
  const reasons = createBoardMaker()({ timeline: ended, analysis: lost }).rows.map(
    ({ state }) => 'reason' in state && state.reason,
  );
  expect(reasons).toEqual(['ended: exit 13, A peer was lost', 'ended: SIGKILL', 'ended: exit 13, A peer was lost']);
  const calm = {
    ...analysis,
    runners: analysis.runners.map((runner) => ({ ...runner, exitCode: 0, exitSignal: null })),
  };
  expect(findEndings(positionsOf({ timeline: ended, analysis: calm }), lanesOf(ended), instanceId)).toEqual([]);
});

const endOf = (rank: number) =>
  rank === 1
    ? { exitSignal: 'SIGKILL', exitCode: null, errorMessage: 'killed by SIGKILL' }
    : { exitSignal: null, exitCode: 13, errorMessage: 'A peer was lost' };
const lanesOf = (timeline: Parameters<typeof lanes>[0]) =>
  new Map(lanes(timeline).map((lane) => [lane.runner.runnerId, lane]));
