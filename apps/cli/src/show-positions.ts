import {
  describePosition,
  formatSeconds,
  isAbsent,
  nameSite,
  noteworthySeconds,
  type RankPosition,
} from '@rankscope/timeline';
import type { Terminal } from './terminal.ts';

/**
 * One line for all ranks that stand at the same place. The waiting come first and the absent last: the eye ends where
 * the question is. Nothing is printed while nobody waits and nobody has ended.
 */
export function showPositions(positions: readonly RankPosition[], terminal: Terminal): string[] {
  if (!positions.some(({ inside, alive }) => inside !== null || !alive)) return [];
  const pointing = Math.max(...positions.map(({ inside }) => inside?.seconds ?? 0)) >= noteworthySeconds;
  const severalNodes = new Set(positions.map(({ nodeId }) => nodeId)).size > 1;
  const groups = [...Map.groupBy(positions, placeOf).values()].sort((a, b) => gravity(a[0]) - gravity(b[0]));
  const names = groups.map((members) => nameRanks(members.map(({ deviceRank }) => deviceRank)));
  const width = Math.max(...names.map((name) => name.length));
  return groups.map((members, at) => {
    const [first] = members;
    if (first === undefined) return '';
    const line = `${(names[at] ?? '').padEnd(width)}  ${sentenceOf(members, first)}`;
    if (!pointing || !isAbsent(first)) return `  ${line}`;
    const where = severalNodes && members.length === 1 ? ` · on ${first.nodeId}` : '';
    return terminal.style('inverse', `◆ ${line}${where} `).trimEnd();
  });
}

/** Ranks that stand in the same place differ in seconds only. */
function placeOf(position: RankPosition): string {
  return position.inside === null
    ? describePosition(position)
    : `${nameSite(position.inside)} ${position.inside.layer}`;
}

function sentenceOf(members: readonly RankPosition[], first: RankPosition): string {
  const { inside, end } = first;
  if (inside === null) {
    const silent = Math.min(...members.map(({ secondsSinceEntry }) => secondsSinceEntry ?? 0));
    const since = isAbsent(first) && first.alive && silent >= 1 ? `; no new entry for ${formatSeconds(silent)}` : '';
    return `${describePosition(first)}${since}${end?.message ? `; ${end.message}` : ''}`;
  }
  const longest = members.reduce((a, b) => ((b.inside?.seconds ?? 0) > (a.inside?.seconds ?? 0) ? b : a));
  const layer = inside.layer === null ? '' : `, layer ${inside.layer}`;
  return `${describePosition(longest)}${layer}`;
}

function gravity(position: RankPosition | undefined): number {
  if (position === undefined) return 0;
  return isAbsent(position) ? 2 : Number(position.inside === null);
}

/** `rank 3`, `ranks 0–8, 10`. */
export function nameRanks(ranks: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const rank of [...new Set(ranks)].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === rank - 1) last[1] = rank;
    else runs.push([rank, rank]);
  }
  const names = runs.map(([from, to]) =>
    from === to ? `${from}` : to === from + 1 ? `${from}, ${to}` : `${from}–${to}`,
  );
  return `${ranks.length === 1 ? 'rank' : 'ranks'} ${names.join(', ')}`;
}
