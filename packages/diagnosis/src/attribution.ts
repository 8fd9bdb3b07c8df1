import type { RankAttribution } from '@rankscope/schema';
import { type Clocks, releasedCollectives } from './clocks.ts';
import type { Group } from './group.ts';
import { latestOf } from './judges/slow.ts';
import type { RankView } from './rank-view.ts';

const resting = new Set(['idle', 'created', 'task_agreement', 'completion']);

/**
 * What each rank's time went into over its window, from the enters and exits of released collectives: the last to come
 * costs the others the time that they were there before it. Durations are each of one rank's own clock; only *who* came
 * last needs clocks of two nodes, and where these are not known well enough nobody is charged.
 */
export function attributionOf(group: Group, clocks: Clocks): RankAttribution[] {
  const released = releasedCollectives(group, Number.POSITIVE_INFINITY);
  const inside = new Map(group.ranks.map(({ rank }) => [rank, { waiting: 0, link: 0 }]));
  const waitedFor = new Map(group.ranks.map(({ rank }) => [rank, new Map<number, number>()]));
  const cost = new Map<number, number>();
  for (const one of released) {
    const durations = [...one.arrivals].map(([rank, us]) => [rank, (one.departures.get(rank) ?? us) - us] as const);
    const linkUs = Math.max(0, Math.min(...durations.map(([, us]) => us)));
    const last = latestOf(one, group, clocks);
    for (const [rank, us] of durations) {
      const waitedUs = Math.max(0, us - linkUs);
      const sum = inside.get(rank);
      if (sum === undefined) continue;
      sum.waiting += waitedUs;
      sum.link += linkUs;
      if (last === null || last.rank === rank) continue;
      const row = waitedFor.get(rank);
      row?.set(last.rank, (row.get(last.rank) ?? 0) + waitedUs);
    }
    if (last !== null) cost.set(last.rank, (cost.get(last.rank) ?? 0) + Math.max(0, last.byUs));
  }
  return group.ranks.map((view) => shareOf(view, { group, inside, waitedFor, cost }));
}

interface Sums {
  readonly group: Group;
  readonly inside: ReadonlyMap<number, { readonly waiting: number; readonly link: number }>;
  readonly waitedFor: ReadonlyMap<number, ReadonlyMap<number, number>>;
  readonly cost: ReadonlyMap<number, number>;
}

function shareOf(view: RankView, { group, inside, waitedFor, cost }: Sums): RankAttribution {
  const { rank, rows, runner } = view;
  const first = rows[0]?.atUs ?? 0;
  const windowUs = Math.max(0, (rows.at(-1)?.atUs ?? first) - first);
  const { waiting, link } = inside.get(rank) ?? { waiting: 0, link: 0 };
  const idle = Math.min(Math.max(0, windowUs - waiting - link), idleUs(view));
  const share = (us: number) => (windowUs === 0 ? 0 : Math.min(1, us / windowUs));
  const tokens = rows.filter(({ phase, event }) => phase === 'decode_barrier' && event === 'exit').length;
  const costUs = cost.get(rank) ?? 0;
  const rate = windowUs === 0 ? 0 : tokens / (windowUs / 1e6);
  const rateWithout = windowUs - costUs <= 0 ? rate : tokens / ((windowUs - costUs) / 1e6);
  return {
    instanceId: group.instanceId,
    rank,
    runnerId: runner.runnerId,
    windowSeconds: windowUs / 1e6,
    computing: share(Math.max(0, windowUs - waiting - link - idle)),
    waiting: share(waiting),
    link: share(link),
    idle: share(idle),
    waitedFor: [...(waitedFor.get(rank) ?? [])]
      .map(([peer, us]) => ({ rank: peer, seconds: us / 1e6 }))
      .sort((a, b) => b.seconds - a.seconds || a.rank - b.rank),
    costSeconds: costUs / 1e6,
    tokensPerSecondLost: tokens === 0 ? null : rateWithout - rate,
  };
}

/** Time between entries while the rank was at rest. */
function idleUs({ rows }: RankView): number {
  let sum = 0;
  for (let at = 1; at < rows.length; at += 1) {
    const before = rows[at - 1];
    const row = rows[at];
    if (before !== undefined && row !== undefined && resting.has(before.phase) && before.kind !== 'arrive')
      sum += Math.max(0, row.atUs - before.atUs);
  }
  return sum;
}
