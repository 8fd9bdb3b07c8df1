import type { ClusterAnalysis, ClusterTimeline, TimelineChange } from '@rankscope/schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyChange, fullKey } from './apply-change.ts';
import { drawnLanes } from './drawn-lanes.ts';

const analysis: ClusterAnalysis = {
  generatedAt: '',
  localNodeId: '',
  masterNodeId: null,
  runners: [],
  instances: [],
  clocks: [],
  nodes: [],
  history: null,
  verdicts: [],
  attribution: [],
};
const all = { maxEntriesPerRunner: 1000 };
const whole = drawnLanes('rank 0  llGdDdDdD\nrank 1  llGdDdDd\nrank 2  llGdD');

/** What a viewer of `previous` must be told to see `next`. */
function diffTimeline(previous: ClusterTimeline, next: ClusterTimeline, analysis: ClusterAnalysis): TimelineChange {
  const known = new Set(previous.timeline.map(fullKey));
  const { generatedAt, masterNodeId, runners, unreachableNodes } = next;
  const entries = next.timeline.filter((entry) => !known.has(fullKey(entry)));
  return { kind: 'delta', generatedAt, masterNodeId, runners, entries, unreachableNodes, analysis };
}

/** What a plane would have said after so many entries, of so many ranks. */
function seen(count: number, ranks: number): ClusterTimeline {
  const runners = whole.runners.slice(0, ranks);
  const timeline = whole.timeline.slice(0, count).filter(({ deviceRank }) => deviceRank < ranks);
  return { ...whole, runners, timeline, generatedAt: `at ${count}` };
}

test('a snapshot and the differences after it are the newest timeline', () => {
  const step = fc.tuple(fc.nat(whole.timeline.length), fc.integer({ min: 1, max: 3 }));
  fc.assert(
    fc.property(fc.array(step, { minLength: 1 }), (steps) => {
      const states = steps.toSorted(([a], [b]) => a - b).map(([count, ranks]) => seen(count, ranks));
      let previous = states[0] ?? whole;
      let live = applyChange(null, { kind: 'snapshot', timeline: previous, analysis }, all);
      for (const next of states) {
        live = applyChange(live, diffTimeline(previous, next, analysis), all);
        previous = next;
      }
      expect(live?.timeline).toEqual(previous);
    }),
  );
});

test('what came late finds its place, and what came twice comes once', () => {
  const late = { ...whole, timeline: whole.timeline.filter((_, at) => at % 3 !== 1) };
  const delta = { ...diffTimeline(late, whole, analysis), entries: whole.timeline.slice(4) };
  const before = applyChange(null, { kind: 'snapshot', timeline: late, analysis }, all);
  const missing = diffTimeline(late, whole, analysis);
  expect(applyChange(before, missing, all)?.timeline.timeline).toEqual(whole.timeline);
  expect(applyChange(applyChange(before, missing, all), delta, all)?.timeline.timeline).toEqual(whole.timeline);
});

test('the newest entries of each runner are kept, and none of a runner that is gone', () => {
  const before = applyChange(null, { kind: 'snapshot', timeline: seen(5, 3), analysis }, all);
  const after = applyChange(before, diffTimeline(seen(5, 3), seen(99, 2), analysis), { maxEntriesPerRunner: 2 });
  expect(after?.timeline.timeline.map((e) => e.deviceRank).sort()).toEqual([0, 0, 1, 1]);
  expect(after?.timeline.timeline.at(-1)).toEqual(seen(99, 2).timeline.at(-1));
  expect(before?.timeline.timeline).toHaveLength(5);
});

test('a difference without a snapshot has nothing to stand on', () => {
  expect(applyChange(null, diffTimeline(whole, whole, analysis), all)).toBeNull();
});
