import { type Clocks, clockOf, type Released, releasedCollectives } from '../clocks.ts';
import { type Finding, rankIn, viewOf } from '../finding.ts';
import type { Group } from '../group.ts';
import type { WaitGraph } from '../wait-graph.ts';

const fewestCollectives = 8;
const lastShare = 0.7;
const fewestLateUs = 20_000;
const madFactor = 3;
const uncertaintyFactor = 2;

/** A rank that comes last time after time, by more than noise and clocks explain. */
export function judgeStraggler(group: Group, graph: WaitGraph, clocks: Clocks): Finding | null {
  if (graph.stuckWaiters.length > 0 || group.ranks.length < 2) return null;
  const released = releasedCollectives(group);
  if (released.length < fewestCollectives) return null;
  const lateness = released.map((one) => latestOf(one, group, clocks));
  const counts = Map.groupBy(lateness, (late) => late?.rank ?? -1);
  for (const [rank, times] of counts) {
    if (rank < 0 || times.length < fewestCollectives || times.length < lastShare * released.length) continue;
    const by = times.flatMap((late) => (late === null ? [] : [late.byUs])).sort((a, b) => a - b);
    const median = by[Math.floor(by.length / 2)] ?? 0;
    const noise = spreadOf(lateness.flatMap((late) => (late === null || late.rank === rank ? [] : [late.byUs])));
    const uncertainty = Math.max(...times.map((late) => late?.uncertaintyUs ?? 0));
    if (median <= Math.max(fewestLateUs, uncertaintyFactor * uncertainty, madFactor * noise)) continue;
    const newest = released.at(-1);
    const view = viewOf(group, rank);
    return {
      code: 'STRAGGLER',
      confidence: 'supported',
      subreason: view?.phase,
      site: newest === undefined ? null : (view?.streams.get(newest.stream)?.sites.get(newest.ordinal) ?? null),
      culprits: [
        rankIn(group, rank, `last into ${times.length} of ${released.length} collectives, by ${milliseconds(median)}`),
      ],
      victims: group.ranks.map((one) => one.rank).filter((one) => one !== rank),
      evidence: group.ranks.map(({ runner }) => ({ runnerId: runner.runnerId, seq: null })),
      sinceUs: view?.rows[0]?.atUs,
      sentence: `Rank ${rank} came last into ${times.length} of the last ${released.length} collectives, by ${milliseconds(median)} (median): every step waits for it.`,
      nextStep: 'See what else runs on its machine, whether it is hot, and whether it has more layers than the others.',
    };
  }
  return null;
}

interface Latest {
  readonly rank: number;
  /** Behind the one before it. */
  readonly byUs: number;
  readonly uncertaintyUs: number;
}

/** Who came last, by times of one clock; null where the clocks are not known well enough to compare. */
export function latestOf({ arrivals }: Released, group: Group, clocks: Clocks): Latest | null {
  const times: { rank: number; us: number; uncertaintyUs: number }[] = [];
  const nodes = new Set(group.ranks.map(({ runner }) => runner.nodeId));
  for (const { rank, runner } of group.ranks) {
    const us = arrivals.get(rank);
    // Ranks of one machine have one clock.
    const clock = nodes.size === 1 ? { aheadUs: 0, uncertaintyUs: 0 } : clockOf(clocks, runner.nodeId);
    if (us === undefined || clock === null) return null;
    times.push({ rank, us: us - clock.aheadUs, uncertaintyUs: clock.uncertaintyUs });
  }
  times.sort((a, b) => a.us - b.us);
  const last = times.at(-1);
  const before = times.at(-2);
  if (last === undefined || before === undefined) return null;
  return {
    rank: last.rank,
    byUs: last.us - before.us,
    uncertaintyUs: Math.max(last.uncertaintyUs, before.uncertaintyUs),
  };
}

/** Median absolute deviation. */
function spreadOf(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const middle = (some: readonly number[]) => some.toSorted((a, b) => a - b)[Math.floor(some.length / 2)] ?? 0;
  const median = middle(values);
  return middle(values.map((value) => Math.abs(value - median)));
}

const slowFactor = 3;
const slowByUs = 20_000;
const newestSlow = 8;
const fewestBefore = 16;
const tightUs = 20_000;

/** All come together and the collective itself takes longer than it did. */
export function judgeCollectiveSlow(group: Group, graph: WaitGraph, clocks: Clocks): Finding | null {
  if (graph.stuckWaiters.length > 0) return null;
  const released = releasedCollectives(group, 256);
  if (released.length < newestSlow + fewestBefore) return null;
  const links = released.map((one) => ({
    us: linkOf(one),
    tight: (latestOf(one, group, clocks)?.byUs ?? Number.POSITIVE_INFINITY) < tightUs,
  }));
  const newest = links.slice(-newestSlow);
  const before = links.slice(0, -newestSlow).map(({ us }) => us);
  const usual = before.toSorted((a, b) => a - b)[Math.floor(before.length / 2)] ?? 0;
  const now = newest.map(({ us }) => us).sort((a, b) => a - b)[Math.floor(newest.length / 2)] ?? 0;
  if (!newest.every(({ tight }) => tight) || now < slowFactor * usual || now < usual + slowByUs) return null;
  return {
    code: 'COLLECTIVE_SLOW',
    confidence: 'supported',
    victims: group.ranks.map(({ rank }) => rank),
    evidence: group.ranks.map(({ runner }) => ({ runnerId: runner.runnerId, seq: null })),
    sinceUs: group.ranks[0]?.last?.atUs,
    sentence: `Collectives take ${milliseconds(now)} once all ranks have come; they used to take ${milliseconds(usual)}.`,
    nextStep:
      'Look at the links between the ranks: what else uses them, and whether they have fallen back to a slower mode.',
  };
}

/** From the last to come until the rank that was there longest left: durations of single clocks, never a difference of two. */
function linkOf({ arrivals, departures }: Released): number {
  return Math.min(...[...arrivals].map(([rank, us]) => (departures.get(rank) ?? us) - us));
}

function milliseconds(us: number): string {
  return us < 10_000 ? `${(us / 1_000).toFixed(1)} ms` : `${Math.round(us / 1_000)} ms`;
}
