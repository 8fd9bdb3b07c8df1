import { lanes, rankPositions } from '@rankscope/timeline';
import { expect, test } from 'vitest';
import { describeStandoff, findStandoffs } from '../../apps/web/src/ranks/standoff.ts';
import { type StoryOptions, tellStory } from './support/story.ts';

const nowMs = Date.parse('2026-11-22T02:41:48Z');

function sentences(options: Partial<StoryOptions>): string[] {
  const { timeline, analysis } = tellStory({ ranks: 2, missing: 1, stuckSeconds: 4.15, nowMs, ...options });
  const positions = rankPositions(lanes(timeline), nowMs * 1000, analysis);
  return findStandoffs(positions, analysis.instances).map((standoff) => describeStandoff(standoff, standoff.seconds));
}

test('one sentence says who is inside and who is not there', () => {
  expect(sentences({})).toEqual([
    'Rank 0 is inside collective 413 (all_sum, layer 12) for 4.1 s; rank 1 left 412 and has not entered it.',
  ]);
  expect(sentences({ ranks: 8, missing: 5 })).toEqual([
    'Ranks 0 to 4, 6 and 7 are inside collective 413 (all_sum, layer 12) for 4.1 s; rank 5 left 412 and has not entered it.',
  ]);
});

test('the dead and those that never came are told apart', () => {
  expect(sentences({ ranks: 4, missing: 1, deadRank: 2, neverReported: 1 })).toEqual([
    'Ranks 0 and 3 are inside collective 413 (all_sum, layer 12) for 4.1 s; rank 1 left 412 and has not entered it; rank 2 left 412 and ended; rank 4 never reported.',
  ]);
});

test('nobody waits, or not for a second yet: nothing is said', () => {
  expect(sentences({ missing: null })).toEqual([]);
  expect(sentences({ stuckSeconds: 0.6 })).toEqual([]);
});
