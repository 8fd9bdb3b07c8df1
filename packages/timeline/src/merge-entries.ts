import type { ClusterTimelineEntry, TimelineQuery } from '@rankscope/schema';
import { entryKey } from './entry-key.ts';
import { compareTimed, seqOf, type TimedEntry } from './entry-order.ts';
import { canonicalTimestamp, createInstantReader } from './instant.ts';
import type { MergedRunner } from './merge-runners.ts';

/** All entries that match the query, each once, sorted; of every runner the newest `limit`. */
export function mergeEntries(runners: readonly MergedRunner[], query: TimelineQuery) {
  const instant = createInstantReader();
  const since = query.since === undefined ? -Infinity : instant(query.since);
  const until = query.until === undefined ? Infinity : instant(query.until);
  const kept: TimedEntry[] = [];
  let truncated = false;

  for (const merged of runners) {
    const own: TimedEntry[] = [];
    for (const { us, seq, entry } of entriesOf(merged, instant)) {
      if (us < since || us > until) continue;
      if (query.taskId !== undefined && entry.taskId !== query.taskId) continue;
      if (query.commandId !== undefined && entry.commandId !== query.commandId) continue;
      own.push({ us, seq, entry });
    }
    own.sort(compareTimed);
    truncated ||= own.length > query.limit || nodeLeftOut(merged, query.limit);
    for (const entry of own.slice(-query.limit)) kept.push(entry);
  }
  return { entries: kept.sort(compareTimed).map(({ entry }) => entry), truncated };
}

/** The recorder holds more than the node was asked for. */
function nodeLeftOut({ runner }: MergedRunner, limit: number): boolean {
  const { ringFirstSeq = null, ringLastSeq = null } = runner.rankscope ?? {};
  if (ringFirstSeq === null || ringLastSeq === null) return false;
  const answered = runner.flightRecorder.length;
  return answered >= limit && ringLastSeq - ringFirstSeq + 1 > answered;
}

function entriesOf({ runner, recorders }: MergedRunner, instant: (text: string) => number): TimedEntry[] {
  const seen = new Set<string>();
  const found: TimedEntry[] = [];
  for (const recorder of recorders) {
    for (const { at, phase, event, detail, attrs, taskId, commandId, mlxMemory } of recorder) {
      const entry: ClusterTimelineEntry = {
        at: canonicalTimestamp(at),
        nodeId: runner.nodeId,
        runnerId: runner.runnerId,
        deviceRank: runner.deviceRank,
        worldSize: runner.worldSize,
        phase,
        event,
        detail,
        attrs,
        taskId,
        commandId,
        mlxMemory,
      };
      const key = entryKey(entry);
      if (seen.has(key)) continue;
      seen.add(key);
      found.push({ us: instant(entry.at), seq: seqOf(entry), entry });
    }
  }
  return found;
}
