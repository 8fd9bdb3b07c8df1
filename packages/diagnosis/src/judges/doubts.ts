import { viewOf } from '../finding.ts';
import type { Group } from '../group.ts';
import type { RankView } from '../rank-view.ts';
import type { WaitGraph } from '../wait-graph.ts';

/** What would have to be known before these ranks may be named; empty when the evidence holds. */
export function doubtsOf(group: Group, accused: readonly RankView[], graph?: WaitGraph): string[] {
  return accused.flatMap((view) => {
    const found: string[] = [];
    const gap = gapAfterAnchor(view, group);
    if (gap > 0) found.push(`${gap} entries of rank ${view.rank} are lost since the ranks last met`);
    const age = (group.nowUs - view.runner.heardAtUs) / 1e6;
    const patience = group.patience(view) ?? Number.POSITIVE_INFINITY;
    if (view.runner.stale || age > Math.max(patience, staleAfter))
      found.push(`what rank ${view.rank} does now: its last report is old`);
    if (graph !== undefined && hasNoOrdinal(view, group, graph))
      found.push(`numbers of the collectives of rank ${view.rank}`);
    return found;
  });
}

/** A report is fresh for as long as a poll, its deadline and a clock that differs a little may take. */
const staleAfter = 30;

/** Entries that are missing in the rank's recorder behind the last collective that it shares with another rank. */
export function gapAfterAnchor(view: RankView, group: Group): number {
  const from = lastCommon(view, group);
  let lost = 0;
  let before: number | null = null;
  for (const row of view.rows) {
    const jumped = before !== null && row.seq >= 0 && row.seq > before + 1 ? row.seq - before - 1 : 0;
    if (row.seq >= 0) before = row.seq;
    if (row.seq > from) lost += Math.max(jumped, row.dropped);
  }
  return lost;
}

/** Number of the entry with which the rank left the newest collective that another rank has been in too. */
function lastCommon(view: RankView, group: Group): number {
  let newest = -1;
  for (const [name, stream] of view.streams)
    for (const { ordinal, exit } of stream.sites.values()) {
      if (exit === null || exit.seq <= newest) continue;
      const shared = group.ranks.some((other) => other !== view && other.streams.get(name)?.sites.has(ordinal));
      if (shared) newest = exit.seq;
    }
  return newest;
}

/** The rank has recorded something, its peers number their collectives, and it does not: it may be inside unseen. */
function hasNoOrdinal(view: RankView, group: Group, graph: WaitGraph): boolean {
  const waiting = graph.waits.find(({ to, site }) => to === view.rank && site !== null);
  if (waiting === undefined || view.phase !== waiting.site?.phase) return false;
  const waiter = viewOf(group, waiting.from);
  return waiter !== undefined && view.streams.size === 0 && view.rows.length > 0;
}
