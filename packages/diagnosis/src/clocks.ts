import type { Group } from './group.ts';

/** By how much a node's clock is ahead of the reference node's: it lies between the two, in microseconds. */
export interface ClockInterval {
  readonly nodeId: string;
  readonly lowUs: number;
  readonly highUs: number;
}

export interface Clocks {
  /** Empty where no collective was released by two nodes. The reference, with 0 and 0, is the plane's own node, or else the first by name. */
  readonly intervals: ReadonlyMap<string, ClockInterval>;
  /** Nodes whose clock was set while we watched: no constant offset explains what they recorded. */
  readonly stepped: readonly string[];
}

/** Collectives of which the bounds are taken: older ones say the same, or a clock that has since been set. */
const newestLookedAt = 64;
/** More nodes than this are not compared each with each. */
const maxNodes = 256;

/**
 * Bounds of the clocks of a group's nodes, from released collectives alone: nobody leaves one before everybody has
 * entered it. So of two nodes, `ahead(a) − ahead(b)` is at least `enter(a) − leave(b)` and at most `leave(a) − enter(b)`.
 */
export function boundClocks(group: Group): Clocks {
  const all = [...new Set(group.ranks.map(({ runner }) => runner.nodeId))].sort();
  const local = all.filter((nodeId) => nodeId === group.localNodeId);
  const nodes = [...local, ...all.filter((nodeId) => nodeId !== group.localNodeId)].slice(0, maxNodes);
  const index = new Map(nodes.map((nodeId, at) => [nodeId, at]));
  // most[a][b]: ahead(a) − ahead(b) is at most this.
  const most = nodes.map((_, a) => nodes.map((_other, b) => (a === b ? 0 : Number.POSITIVE_INFINITY)));
  for (const { enters, leaves } of releasedOf(group))
    for (const [leaver, leftUs] of leaves)
      for (const [enterer, enteredUs] of enters) {
        const a = index.get(leaver);
        const b = index.get(enterer);
        const row = a === undefined ? undefined : most[a];
        if (row === undefined || b === undefined || a === b) continue;
        row[b] = Math.min(row[b] ?? Number.POSITIVE_INFINITY, leftUs - enteredUs);
      }
  tighten(most);
  const stepped = nodes.filter((_, at) => (most[at]?.[at] ?? 0) < 0);
  const intervals = new Map<string, ClockInterval>();
  if (stepped.length > 0 || nodes.length < 2) return { intervals, stepped };
  for (const [at, nodeId] of nodes.entries()) {
    const highUs = most[at]?.[0] ?? Number.POSITIVE_INFINITY;
    const lowUs = -(most[0]?.[at] ?? Number.POSITIVE_INFINITY);
    if (Number.isFinite(highUs) && Number.isFinite(lowUs)) intervals.set(nodeId, { nodeId, lowUs, highUs });
  }
  return { intervals, stepped };
}

/** Shortest paths: a bound over a third node may be tighter than the direct one. */
function tighten(most: number[][]): void {
  for (let via = 0; via < most.length; via += 1)
    for (const row of most) {
      const first = row[via] ?? Number.POSITIVE_INFINITY;
      if (first === Number.POSITIVE_INFINITY) continue;
      for (let to = 0; to < row.length; to += 1) {
        const over = first + (most[via]?.[to] ?? Number.POSITIVE_INFINITY);
        if (over < (row[to] ?? Number.POSITIVE_INFINITY)) row[to] = over;
      }
    }
}

export interface Released {
  readonly stream: string;
  readonly ordinal: number;
  /** By rank, microseconds by the clock of its node. */
  readonly arrivals: ReadonlyMap<number, number>;
  readonly departures: ReadonlyMap<number, number>;
}

/** The newest collectives that every rank has entered and left. */
export function releasedCollectives(group: Group, newest = newestLookedAt): Released[] {
  const [first] = group.ranks;
  if (first === undefined || group.ranks.length < group.worldSize) return [];
  const found: Released[] = [];
  for (const [name, { sites }] of first.streams)
    for (const ordinal of sites.keys()) {
      const arrivals = new Map<number, number>();
      const departures = new Map<number, number>();
      for (const { rank, streams } of group.ranks) {
        const site = streams.get(name)?.sites.get(ordinal);
        if (!site?.enter || !site.exit) break;
        arrivals.set(rank, site.enter.atUs);
        departures.set(rank, site.exit.atUs);
      }
      if (departures.size === group.ranks.length) found.push({ stream: name, ordinal, arrivals, departures });
    }
  const leftAt = ({ departures }: Released) => departures.get(first.rank) ?? 0;
  return found.sort((a, b) => leftAt(a) - leftAt(b) || a.ordinal - b.ordinal).slice(-newest);
}

interface NodeTimes {
  readonly enters: ReadonlyMap<string, number>;
  readonly leaves: ReadonlyMap<string, number>;
}

/** Per collective and node: its last enter and its first leave, which bound most tightly. */
function releasedOf(group: Group): NodeTimes[] {
  const nodeOf = new Map(group.ranks.map(({ rank, runner }) => [rank, runner.nodeId]));
  return releasedCollectives(group).map(({ arrivals, departures }) => {
    const enters = new Map<string, number>();
    const leaves = new Map<string, number>();
    for (const [rank, us] of arrivals) {
      const nodeId = nodeOf.get(rank) ?? '';
      enters.set(nodeId, Math.max(us, enters.get(nodeId) ?? Number.NEGATIVE_INFINITY));
    }
    for (const [rank, us] of departures) {
      const nodeId = nodeOf.get(rank) ?? '';
      leaves.set(nodeId, Math.min(us, leaves.get(nodeId) ?? Number.POSITIVE_INFINITY));
    }
    return { enters, leaves };
  });
}

/** What to take off a rank's times so that they are the reference node's, and how wrong that may be; microseconds. */
export function clockOf(
  clocks: Clocks,
  nodeId: string,
): { readonly aheadUs: number; readonly uncertaintyUs: number } | null {
  const interval = clocks.intervals.get(nodeId);
  if (interval === undefined) return null;
  return { aheadUs: (interval.lowUs + interval.highUs) / 2, uncertaintyUs: (interval.highUs - interval.lowUs) / 2 };
}
