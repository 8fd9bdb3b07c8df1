import type { Clocks } from './clocks.ts';
import type { Group } from './group.ts';
import { gapAfterAnchor } from './judges/doubts.ts';
import { hasOverlap } from './judges/mismatch.ts';

const skewUs = 50_000;
const pressure = 0.9;
const asymmetry = 2;
const bigUs = 30_000_000;

/** What is worth knowing beside the verdict and never changes it. */
export function annotationsOf(group: Group, clocks: Clocks): string[] {
  const { ranks } = group;
  const notes: string[] = [];
  for (const view of ranks) {
    const { runner, rank } = view;
    const interval = clocks.intervals.get(runner.nodeId);
    if (interval !== undefined && (interval.lowUs > skewUs || interval.highUs < -skewUs))
      notes.push(`CLOCK_SKEW:${rank}`);
    if (clocks.stepped.includes(runner.nodeId)) notes.push(`CLOCK_STEP:${rank}`);
    if (gapAfterAnchor(view, group) > 0) notes.push(`RECORDER_GAP:${rank}`);
    if (hasOverlap(view)) notes.push(`OVERLAPPING_COLLECTIVES:${rank}`);
    const { memoryActive, memoryWiredLimit } = runner;
    if (memoryActive !== null && memoryWiredLimit !== null && memoryActive >= pressure * memoryWiredLimit)
      notes.push(`MEMORY_PRESSURE:${rank}`);
  }
  const stale = ranks.filter(({ runner }) => runner.stale || group.nowUs - runner.heardAtUs > bigUs);
  notes.push(...new Set(stale.map(({ runner }) => `STALE_SNAPSHOT:${runner.nodeId}`)));
  const active = ranks.flatMap(({ runner }) => (runner.memoryActive === null ? [] : [runner.memoryActive]));
  if (active.length > 1 && Math.max(...active) > asymmetry * Math.min(...active) && Math.max(...active) > 0)
    notes.push('MEMORY_ASYMMETRY');
  const nodes = new Set(ranks.map(({ runner }) => runner.nodeId));
  if (group.masterNodeId !== null && ranks.length > 0 && !nodes.has(group.masterNodeId))
    notes.push('LEADER_NOT_IN_GROUP');
  return notes;
}
