import type { ClusterAnalysis, ClusterTimeline, ClusterTimelineEntry, TimelineChange } from '@rankscope/schema';
import { entryKey } from './entry-key.ts';

export type TimelineDelta = Extract<TimelineChange, { kind: 'delta' }>;

/**
 * What a viewer of `previous` must be told to see `next`. Runners and unreachable nodes are told whole, they are few and
 * their seconds change every time; entries only when they are new.
 */
export function diffTimeline(
  previous: ClusterTimeline,
  next: ClusterTimeline,
  analysis: ClusterAnalysis,
): TimelineDelta {
  const known = new Set(previous.timeline.map(fullKey));
  return {
    kind: 'delta',
    generatedAt: next.generatedAt,
    masterNodeId: next.masterNodeId,
    runners: next.runners,
    entries: next.timeline.filter((entry) => !known.has(fullKey(entry))),
    unreachableNodes: next.unreachableNodes,
    analysis,
  };
}

export function fullKey(entry: ClusterTimelineEntry): string {
  return `${entry.runnerId} ${entryKey(entry)}`;
}
