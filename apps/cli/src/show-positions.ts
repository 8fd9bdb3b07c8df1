import { describePosition, formatSeconds, nameSite, type RankPosition } from '@rankscope/timeline';
import type { Terminal } from './terminal.ts';

/**
 * One line for all ranks that stand at the same place. The waiting come first and the absent last: the eye ends where
 * the question is. Nothing is printed while nobody waits.
 */
export function showPositions(positions: readonly RankPosition[], terminal: Terminal, noteworthySeconds: number): string[] {
  if (!positions.some(({ inside }) => inside !== null)) return [];
  const waited = Math.max(...positions.map(({ inside }) => inside?.seconds ?? 0));
  const groups = [...Map.groupBy(positions, placeOf).values()].sort((a, b) => gravity(a[0]) - gravity(b[0]));
  const names = groups.map((members) => nameRanks(members.map(({ deviceRank }) => deviceRank)));
  const width = Math.max(...names.map((name) => name.length));
  return groups.map((members, at) => {
    const [first] = members;
    if (first === undefined) return '';
    const line = `${(names[at] ?? '').padEnd(width)}  ${sentenceOf(members, first)}`;
    return isMissing(first) && waited >= noteworthySeconds ? terminal.style('inverse', `${line} `) : line;
  });
}

/** Ranks that stand in the same place differ in seconds only. */
function placeOf(position: RankPosition): string {
  return position.inside === null ? describePosition(position) : `${nameSite(position.inside)} ${position.inside.layer}`;
}

function sentenceOf(members: readonly RankPosition[], first: RankPosition): string {
  const { inside } = first;
  if (inside === null) {
    const silent = Math.min(...members.map(({ secondsSinceEntry }) => secondsSinceEntry ?? 0));
    const since = isMissing(first) && first.alive && silent >= 1 ? `; no new entry for ${formatSeconds(silent)}` : '';
    return `${describePosition(first)}${since}`;
  }
  const longest = members.reduce((a, b) => ((b.inside?.seconds ?? 0) > (a.inside?.seconds ?? 0) ? b : a));
  const layer = inside.layer === null ? '' : `, layer ${inside.layer}`;
  return `${describePosition(longest)}${layer}`;
}

function isMissing({ inside, notIn }: RankPosition): boolean {
  return inside === null && notIn !== null && !notIn.past;
}

function gravity(position: RankPosition | undefined): number {
  if (position === undefined || position.inside !== null) return 0;
  return isMissing(position) ? 2 : 1;
}

/** `rank 3`, `ranks 0–8, 10`. */
export function nameRanks(ranks: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const rank of [...new Set(ranks)].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === rank - 1) last[1] = rank;
    else runs.push([rank, rank]);
  }
  const names = runs.map(([from, to]) => (from === to ? `${from}` : to === from + 1 ? `${from}, ${to}` : `${from}–${to}`));
  return `${ranks.length === 1 ? 'rank' : 'ranks'} ${names.join(', ')}`;
}
