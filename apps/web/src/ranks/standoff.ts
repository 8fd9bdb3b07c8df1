import type { ClusterAnalysis } from '@rankscope/schema';
import { nameSite, type OpenSite, type RankPosition } from '@rankscope/timeline';
import { formatRanks, formatSeconds } from '../format.ts';

/** Shorter than this, ranks merely arrive one after the other. */
export const standoffFromSeconds = 1;

export interface Absence {
  readonly rank: number;
  readonly lastLeft: number | null;
  readonly why: 'not_entered' | 'ended' | 'never_reported';
}

/** Some ranks of an instance are inside a site and others, without whom it cannot end, are not. Positions, no verdict. */
export interface Standoff {
  readonly instanceId: string;
  readonly site: OpenSite;
  readonly inside: readonly number[];
  readonly seconds: number;
  readonly absent: readonly Absence[];
}

function absenceOf({ deviceRank: rank, lastLeft, alive }: RankPosition): Absence {
  return { rank, lastLeft, why: alive ? 'not_entered' : 'ended' };
}

/** Of the collectives that someone has been inside for over a second, the furthest of each instance; or a receive. */
export function findStandoffs(positions: readonly RankPosition[], instances: ClusterAnalysis['instances']): Standoff[] {
  return instances.flatMap(({ instanceId, missingRanks }): Standoff[] => {
    const mine = positions.filter((position) => position.instanceId === instanceId);
    const waiting = mine.flatMap((position) =>
      position.inside !== null && position.inside.seconds >= standoffFromSeconds
        ? [{ ...position, inside: position.inside }]
        : [],
    );
    const collective = waiting
      .filter(({ inside }) => inside.group === 0 && inside.peer === null && inside.barrierSeq !== null)
      .toSorted((a, b) => (b.inside.barrierSeq ?? 0) - (a.inside.barrierSeq ?? 0))[0];
    if (collective !== undefined) {
      const n = collective.inside.barrierSeq ?? 0;
      const members = waiting.filter(({ inside }) => inside.peer === null && inside.barrierSeq === n);
      const absent = mine.filter(({ inside, notIn }) => inside === null && notIn?.past === false).map(absenceOf);
      const missing = missingRanks.map((rank): Absence => ({ rank, lastLeft: null, why: 'never_reported' }));
      return standoff(instanceId, collective.inside, members, [...absent, ...missing]);
    }
    // A receive waits for one peer. A peer that waits itself is not the one to look at.
    const first = waiting.find(
      ({ inside }) =>
        inside.peer !== null && mine.some((other) => other.deviceRank === inside.peer && other.inside === null),
    );
    if (first === undefined) return [];
    const absent = mine.filter(({ deviceRank }) => deviceRank === first.inside.peer).map(absenceOf);
    return standoff(instanceId, first.inside, [first], absent);
  });
}

function standoff(
  instanceId: string,
  site: OpenSite,
  members: readonly (RankPosition & { inside: OpenSite })[],
  absent: readonly Absence[],
): Standoff[] {
  if (absent.length === 0) return [];
  const inside = members.map(({ deviceRank }) => deviceRank);
  return [{ instanceId, site, inside, seconds: Math.max(...members.map((member) => member.inside.seconds)), absent }];
}

/** "Rank 0 is inside collective 413 (all_sum, layer 12) for 4.1 s; rank 1 left 412 and has not entered it." */
export function describeStandoff({ site, inside, absent }: Standoff, seconds: number): string {
  const subject = inside.length === 1 ? `Rank ${inside[0]} is` : `Ranks ${formatRanks(inside)} are`;
  const facts = [site.op, site.layer === null ? null : `layer ${site.layer}`]
    .filter((fact) => fact !== null)
    .join(', ');
  const place = site.peer === null ? `collective ${site.barrierSeq} (${facts})` : nameSite(site);
  return [`${subject} inside ${place} for ${formatSeconds(seconds)}`, ...clauses(absent, site)].join('; ').concat('.');
}

function clauses(absent: readonly Absence[], site: OpenSite): string[] {
  const groups = Map.groupBy(absent, ({ why, lastLeft }) => `${why}/${lastLeft}`);
  return [...groups.values()].map((group) => {
    const { why, lastLeft } = group[0] ?? { why: 'never_reported', lastLeft: null };
    const ranks = group.map(({ rank }) => rank);
    const one = ranks.length === 1;
    const subject = `${one ? 'rank' : 'ranks'} ${formatRanks(ranks)}`;
    const has = one ? 'has' : 'have';
    if (why === 'never_reported') return `${subject} never reported`;
    const left = lastLeft === null ? `${has} left no collective` : `left ${lastLeft}`;
    if (why === 'ended') return `${subject} ${left} and ended`;
    return site.peer === null
      ? `${subject} ${left} and ${has} not entered it`
      : `${subject} ${has} not entered the ${site.op.startsWith('recv') ? 'send' : 'receive'}`;
  });
}
