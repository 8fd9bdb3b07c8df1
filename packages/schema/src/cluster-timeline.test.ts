import { expect, test } from 'vitest';
import { ClusterTimeline, ClusterTimelineWritten, TimelineQuery } from './cluster-timeline.ts';

const entry = {
  at: '2026-11-22T02:41:07.412913Z',
  nodeId: 'a',
  runnerId: 'r',
  deviceRank: 0,
  worldSize: 2,
  phase: 'decode_barrier',
  event: 'enter',
  detail: null,
  attrs: { seq: 7, barrierSeq: 413, monoNs: '123', peers: ['1', '2'] },
  taskId: null,
  commandId: null,
  mlxMemory: null,
};
const timeline = (entries: object[]) => ({
  generatedAt: '2026-11-22T02:41:48.000000Z',
  localNodeId: 'a',
  masterNodeId: null,
  runners: [],
  timeline: entries,
  unreachableNodes: [],
});

test('what we write is exactly the published shape', () => {
  expect(ClusterTimelineWritten.safeParse(timeline([entry])).success).toBe(true);
  expect(ClusterTimelineWritten.safeParse(timeline([{ ...entry, seq: 7 }])).success, 'an unknown key').toBe(false);
  expect(ClusterTimelineWritten.safeParse(timeline([{ ...entry, phase: 'resting' }])).success, 'an unknown phase').toBe(
    false,
  );
  const { taskId: _, ...withoutTask } = entry;
  expect(ClusterTimelineWritten.safeParse(timeline([withoutTask])).success, 'a missing null').toBe(false);
});

test('what a newer peer sends is kept', () => {
  const read = ClusterTimeline.parse(timeline([{ ...entry, phase: 'resting', colour: 'blue' }]));
  expect(read.timeline[0]).toMatchObject({ phase: 'resting', colour: 'blue' });
});

test('an entry attribute is flat', () => {
  expect(ClusterTimeline.safeParse(timeline([{ ...entry, attrs: { nested: { a: 1 } } }])).success).toBe(false);
});

test('a query names its unknown key', () => {
  expect(TimelineQuery.parse({}).limit).toBe(1024);
  expect(TimelineQuery.safeParse({ limmit: '3' }).error?.issues[0]?.message).toContain('limmit');
});
