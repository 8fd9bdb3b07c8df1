import { citing, type Finding, minorityOf, rankIn, ranksText, viewOf } from '../finding.ts';
import type { Group } from '../group.ts';
import type { RankView, Site } from '../rank-view.ts';
import { siteName } from '../wait-graph.ts';

/** Numbers of the same eval that must have agreed before a difference means that a collective was skipped. */
const agreedBefore = 8;

/**
 * Ranks that meet in one collective and do not mean the same: MLX's ring pairs whatever comes, so the results are wrong
 * although nothing hangs.
 */
export function judgeMismatch(group: Group): Finding | null {
  for (const stream of streamNames(group)) {
    const ordinals = commonOrdinals(group, stream);
    let agreed = 0;
    for (const ordinal of ordinals) {
      const sites = sitesOf(group, stream, ordinal);
      const found = findDifference(sites, agreed);
      if (found === null) {
        agreed += 1;
        continue;
      }
      return findingOf(group, ordinal, sites, found);
    }
  }
  return null;
}

/** Only where one sequence runs through the whole group are equal numbers the same collective. */
function streamNames(group: Group): string[] {
  const names = new Set(group.ranks.flatMap(({ streams }) => [...streams.keys()]));
  return [...names].filter((name) => name.startsWith('group ')).sort();
}

function commonOrdinals(group: Group, stream: string): number[] {
  const counts = new Map<number, number>();
  for (const { streams } of group.ranks)
    for (const [ordinal, { enter }] of streams.get(stream)?.sites ?? [])
      if (enter !== null) counts.set(ordinal, (counts.get(ordinal) ?? 0) + 1);
  return [...counts].flatMap(([ordinal, count]) => (count > 1 ? [ordinal] : [])).sort((a, b) => a - b);
}

function sitesOf(group: Group, stream: string, ordinal: number): Map<number, Site> {
  const sites = group.ranks.flatMap(({ rank, streams }): [number, Site][] => {
    const site = streams.get(stream)?.sites.get(ordinal);
    return site?.enter ? [[rank, site]] : [];
  });
  return new Map(sites);
}

interface Difference {
  readonly attribute: string;
  readonly votes: ReadonlyMap<number, string | number | null>;
}

function findDifference(sites: ReadonlyMap<number, Site>, agreed: number): Difference | null {
  for (const attribute of ['op', 'dtype', 'bytes'] as const) {
    const votes = new Map([...sites].map(([rank, { enter }]) => [rank, enter?.[attribute] ?? null]));
    const said = new Set([...votes.values()].filter((value) => value !== null && value !== -1));
    if (said.size > 1) return { attribute, votes };
  }
  if (agreed < agreedBefore) return null;
  const votes = new Map([...sites].map(([rank, { enter }]) => [rank, enter?.evalSeq ?? -1]));
  const said = new Set([...votes.values()].filter((value) => value >= 0));
  return said.size > 1 ? { attribute: 'evalSeq', votes } : null;
}

function findingOf(group: Group, ordinal: number, sites: ReadonlyMap<number, Site>, found: Difference): Finding {
  const { attribute, votes } = found;
  const skipped = attribute === 'evalSeq';
  const decided = minorityOf(votes) ?? (skipped ? ahead(votes) : null);
  const ranks = decided?.minority ?? [];
  const [site] = sites.values();
  const evidence = [...sites].flatMap(([rank, { enter }]) => {
    const view = viewOf(group, rank);
    return view === undefined ? [] : citing(view, enter);
  });
  const what = [...votes].map(([rank, value]) => `rank ${rank}: ${value ?? 'none'}`).join(', ');
  const who = ranks.length === 0 ? 'the ranks' : ranksText(ranks);
  const sentence = skipped
    ? `${who} skipped a collective before ${ordinal}: it belongs to different evals (${what}). The results are wrong from there on.`
    : `${who} ${ranks.length === 1 ? 'does' : 'do'} not do the same in collective ${ordinal}: ${attribute} differs (${what}). The results are wrong.`;
  return {
    code: 'COLLECTIVE_MISMATCH',
    confidence: decided === null ? 'undecided' : 'established',
    subreason: attribute,
    site,
    culprits: ranks.map((rank) =>
      rankIn(group, rank, `${attribute} ${votes.get(rank) ?? 'none'} in ${siteText(site)}`),
    ),
    suspects:
      decided === null ? [...votes.keys()].map((rank) => rankIn(group, rank, `${attribute} ${votes.get(rank)}`)) : [],
    victims: [...votes.keys()].filter((rank) => !ranks.includes(rank)),
    evidence,
    sinceUs: site?.enter?.atUs,
    sentence: sentence.charAt(0).toUpperCase() + sentence.slice(1),
    nextStep: 'Start the instance anew; the ranks do not run the same program or were not given the same parameters.',
  };
}

function siteText(site: Site | undefined): string {
  return site === undefined ? 'a collective' : siteName(site);
}

/** Whoever is in a later eval at the same number has left one out. */
function ahead(votes: Difference['votes']): { minority: number[] } | null {
  const numbers = [...votes].filter((vote): vote is [number, number] => typeof vote[1] === 'number' && vote[1] >= 0);
  const latest = Math.max(...numbers.map(([, value]) => value));
  return { minority: numbers.filter(([, value]) => value === latest).map(([rank]) => rank) };
}

/** Two collectives open at once on one group and rank: MLX gives wrong values then. */
export function hasOverlap(view: RankView): boolean {
  for (const { sites } of view.streams.values()) {
    const open = [...sites.values()].filter(({ enter, exit }) => enter !== null && exit === null);
    if (open.length > 1 && open[0]?.stream.startsWith('group ')) return true;
  }
  return false;
}
