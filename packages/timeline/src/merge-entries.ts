import type { ClusterTimelineEntry, TimelineQuery } from '@rankscope/schema';
import { entryKey } from './entry-key.ts';
import { compareTimed, seqOf, type TimedEntry, timed } from './entry-order.ts';
import { canonicalTimestamp, createInstantReader } from './instant.ts';
import type { MergedRunner } from './merge-runners.ts';

export interface KeptEntries {
  /** Also of runners that nobody speaks of any more. */
  readonly entries: readonly ClusterTimelineEntry[];
  /** The store left out some that match, because of the query's limit. */
  readonly truncated: boolean;
}

/** All entries that match the query, each once, sorted; of every runner the newest `limit`. */
export function mergeEntries(runners: readonly MergedRunner[], query: TimelineQuery, kept?: KeptEntries) {
  const instant = createInstantReader();
  const since = query.since === undefined ? -Infinity : instant(query.since);
  const until = query.until === undefined ? Infinity : instant(query.until);
  const taken: TimedEntry[] = [];
  let truncated = kept?.truncated ?? false;
  const keptOf = Map.groupBy(kept?.entries ?? [], ({ runnerId }) => runnerId);
  const told = runners.map((merged) => {
    const entries = entriesOf(merged, keptOf.get(merged.runner.runnerId) ?? [], instant);
    keptOf.delete(merged.runner.runnerId);
    // A store has what the recorder holds beyond what the node was asked for.
    return { entries, leftOut: kept === undefined && nodeLeftOut(merged, query.limit) };
  });
  const untold = [...keptOf.values()].map((entries) => ({ entries: timed(entries), leftOut: false }));

  for (const { entries, leftOut } of [...told, ...untold]) {
    const own: TimedEntry[] = [];
    for (const { us, seq, entry } of entries) {
      if (us < since || us > until) continue;
      if (query.taskId !== undefined && entry.taskId !== query.taskId) continue;
      if (query.commandId !== undefined && entry.commandId !== query.commandId) continue;
      own.push({ us, seq, entry });
    }
    own.sort(compareTimed);
    truncated ||= own.length > query.limit || leftOut;
    for (const entry of own.slice(-query.limit)) taken.push(entry);
  }
  return { entries: taken.sort(compareTimed).map(({ entry }) => entry), truncated };
}

/** The recorder holds more than the node was asked for. */
function nodeLeftOut({ runner }: MergedRunner, limit: number): boolean {
  const { ringFirstSeq = null, ringLastSeq = null } = runner.rankscope ?? {};
  if (ringFirstSeq === null || ringLastSeq === null) return false;
  const answered = runner.flightRecorder.length;
  return answered >= limit && ringLastSeq - ringFirstSeq + 1 > answered;
}

function entriesOf(
  { runner, recorders }: MergedRunner,
  kept: readonly ClusterTimelineEntry[],
  instant: (text: string) => number,
): TimedEntry[] {
  const seen = new Set<string>();
  const found: TimedEntry[] = [];
  const add = (entry: ClusterTimelineEntry) => {
    const key = entryKey(entry);
    if (seen.has(key)) return;
    seen.add(key);
    found.push({ us: instant(entry.at), seq: seqOf(entry), entry });
  };
  for (const recorder of recorders) {
    for (const { at, phase, event, detail, attrs, taskId, commandId, mlxMemory } of recorder) {
      add({
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
      });
    }
  }
  for (const entry of kept) add(entry);
  return found;
}
