import type { ClusterAnalysis, ClusterTimeline, ClusterTimelineEntry, TimelineChange } from '@rankscope/schema';
import { entryKey } from './entry-key.ts';
import { compareTimed, timed } from './entry-order.ts';

export interface LiveTimeline {
  readonly timeline: ClusterTimeline;
  readonly analysis: ClusterAnalysis;
}

/**
 * The next state of a live view. A delta before any snapshot has nothing to stand on and changes nothing.
 *
 * A viewer may stay open for weeks, so it keeps the newest entries of each runner and none of a runner that is gone.
 */
export function applyChange(
  state: LiveTimeline | null,
  change: TimelineChange,
  { maxEntriesPerRunner }: { readonly maxEntriesPerRunner: number },
): LiveTimeline | null {
  if (change.kind === 'snapshot') return { timeline: change.timeline, analysis: change.analysis };
  if (state === null) return null;
  const { generatedAt, masterNodeId, runners, unreachableNodes, analysis, entries } = change;
  const merged = mergeSorted(state.timeline.timeline, entries);
  const shown = new Set(runners.map(({ runnerId }) => runnerId));
  const timeline = newestPerRunner(merged, shown, maxEntriesPerRunner);
  return { timeline: { ...state.timeline, generatedAt, masterNodeId, runners, unreachableNodes, timeline }, analysis };
}

/** Never changed in place: the state before this change may still be on screen. */
type Entries = ClusterTimelineEntry[];

function mergeSorted(old: Entries, added: Entries): Entries {
  const [first] = added;
  const last = old.at(-1);
  if (first === undefined) return old;
  if (last === undefined || isBefore(last, first)) return old.concat(added);
  // Somebody was late, or the stream was resumed: both happen now and then, not ten times a second.
  const known = new Set(old.map(fullKey));
  const fresh = added.filter((entry) => !known.has(fullKey(entry)));
  return timed([...old, ...fresh])
    .sort(compareTimed)
    .map(({ entry }) => entry);
}

function isBefore(a: ClusterTimelineEntry, b: ClusterTimelineEntry): boolean {
  const [first, second] = timed([a, b]);
  return first !== undefined && second !== undefined && compareTimed(first, second) < 0;
}

function newestPerRunner(entries: Entries, shown: ReadonlySet<string>, max: number): Entries {
  const surplus = new Map<string, number>();
  for (const { runnerId } of entries) surplus.set(runnerId, (surplus.get(runnerId) ?? -max) + 1);
  const nothingToDrop = [...surplus].every(([runnerId, over]) => over <= 0 && shown.has(runnerId));
  if (nothingToDrop) return entries;
  return entries.filter(({ runnerId }) => {
    const over = surplus.get(runnerId) ?? 0;
    surplus.set(runnerId, over - 1);
    return over <= 0 && shown.has(runnerId);
  });
}

/** Names an entry among all of a cluster. */
export function fullKey(entry: ClusterTimelineEntry): string {
  return `${entry.runnerId} ${entryKey(entry)}`;
}
