import type { Group } from './group.ts';
import type { RankView, Site } from './rank-view.ts';

/** `from` cannot go on before `to` has come. */
export interface Wait {
  readonly from: number;
  readonly to: number;
  readonly via: string;
  /** Null: a send or receive. */
  readonly site: Site | null;
}

export interface WaitGraph {
  readonly waits: readonly Wait[];
  /** Ranks that wait for nobody and that a stuck waiter waits for, over any number of others. */
  readonly sinks: readonly number[];
  /** Ranks that have made no progress for too long while they wait. */
  readonly stuckWaiters: readonly RankView[];
  /** Ranks in no sink's reach that wait for each other. */
  readonly cycle: readonly number[];
  readonly isWaiting: (rank: number) => boolean;
}

/** Who waits for whom now. A rank inside a collective waits for every member that has not arrived at it. */
export function waitGraphOf(group: Group): WaitGraph {
  const views = new Map(group.ranks.map((view) => [view.rank, view]));
  const waits = group.ranks.flatMap((view) => waitsOf(view, group, views));
  const from = Map.groupBy(waits, (wait) => wait.from);
  const isWaiting = (rank: number) => {
    const view = views.get(rank);
    return view !== undefined && isInside(view) && view.runner.processAlive;
  };
  const stuckWaiters = group.ranks.filter(
    (view) => isInside(view) && view.runner.processAlive && !view.runner.stale && group.isStuck(view),
  );
  const reached = new Set<number>();
  const queue = stuckWaiters.map(({ rank }) => rank);
  while (queue.length > 0) {
    for (const { to } of from.get(queue.pop() ?? -1) ?? []) {
      if (reached.has(to)) continue;
      reached.add(to);
      queue.push(to);
    }
  }
  const sinks = [...reached].filter((rank) => !isWaiting(rank)).sort((a, b) => a - b);
  const cycle = sinks.length > 0 ? [] : stuckWaiters.map(({ rank }) => rank).filter((rank) => reached.has(rank));
  return { waits, sinks, stuckWaiters, cycle, isWaiting };
}

/** In a collective, or waiting for a peer to send or take. */
export function isInside(view: RankView): boolean {
  return view.open !== null || view.waitsForPeers !== null;
}

function waitsOf(view: RankView, group: Group, views: ReadonlyMap<number, RankView>): Wait[] {
  if (!view.runner.processAlive) return [];
  const members = (ranks: readonly number[]) => ranks.filter((rank) => rank !== view.rank && rank < group.worldSize);
  // A send or receive inside of a collective's phase is the inner wait.
  if (view.waitsForPeers !== null) {
    const { peers, row } = view.waitsForPeers;
    return members(peers).map((to) => ({ from: view.rank, to, via: row.op ?? row.event, site: null }));
  }
  const { open } = view;
  if (open === null) return [];
  const everybody = Array.from({ length: group.worldSize }, (_, rank) => rank);
  return members(everybody)
    .filter((rank) => !hasArrived(views.get(rank), open))
    .map((to) => ({ from: view.rank, to, via: siteName(open), site: open }));
}

/** Whether a rank has come to the collective, as far as its own records go. */
export function hasArrived(view: RankView | undefined, site: Site): boolean {
  const stream = view?.streams.get(site.stream);
  if (stream === undefined) return false;
  const own = stream.sites.get(site.ordinal);
  if (own !== undefined) return own.phase === site.phase && isSameTask(own.taskId, site.taskId);
  return stream.lastArrived > site.ordinal;
}

/** A recorder that does not know the task of an entry says nothing against it. */
function isSameTask(a: string | null, b: string | null): boolean {
  return a === null || b === null || a === b;
}

/** `all_sum 413 (decode_barrier)` · `decode_barrier 11`: where the recorder names no operation, the phase is the name. */
export function placeName(site: Site): string {
  return site.enter?.op ? `${siteName(site)} (${site.phase})` : siteName(site);
}

/** `all_sum 413` · `decode_barrier 11`. */
export function siteName(site: Pick<Site, 'phase' | 'ordinal' | 'enter'>): string {
  return `${site.enter?.op ?? site.phase} ${site.ordinal}`;
}
