import type { Lane, RankPosition } from '@rankscope/timeline';
import { formatRanks, formatSeconds } from '../format.ts';

/** A process that ended without being asked to. */
export interface Ending {
  readonly rank: number;
  readonly atMs: number | null;
  readonly signal: string | null;
  readonly code: number | null;
  readonly message: string | null;
}

/** Those that were killed first, then in the order in which they ended: what killed one is often why others ended. */
export function findEndings(
  positions: readonly RankPosition[],
  lanes: ReadonlyMap<string, Lane>,
  instanceId: string | null,
): Ending[] {
  return positions
    .flatMap(({ runnerId, deviceRank: rank, instanceId: of, end }): Ending[] => {
      const endedUs = lanes.get(runnerId)?.endedUs ?? null;
      const asked =
        end !== null && end.signal === null && (end.code === null || end.code === 0) && end.message === null;
      if (of !== instanceId || end === null || asked) return [];
      return [{ rank, atMs: endedUs === null ? null : endedUs / 1000, ...end }];
    })
    .sort((a, b) => Number(a.signal === null) - Number(b.signal === null) || (a.atMs ?? 0) - (b.atMs ?? 0));
}

/** "Rank 1 was killed by SIGKILL 4.0 s ago; rank 0 ended with “A peer was lost”." */
export function describeEndings(endings: readonly Ending[], nowMs: number): string {
  const groups = Map.groupBy(endings, (ending) => howOf(ending, ending.signal !== null));
  const clauses = [...groups].map(([how, group]) => {
    const one = group.length === 1;
    const atMs = group[0]?.atMs ?? null;
    const subject = `${one ? 'rank' : 'ranks'} ${formatRanks(group.map(({ rank }) => rank))}`;
    const ago = group[0]?.signal == null || atMs === null ? '' : ` ${formatSeconds((nowMs - atMs) / 1000)} ago`;
    return `${subject} ${one ? how : how.replace(/^was/, 'were')}${ago}`;
  });
  const text = clauses.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?…]”?$/.test(text) ? '' : '.'}`;
}

function howOf({ signal, code, message }: Ending, killed: boolean): string {
  if (killed) return `was killed by ${signal}`;
  return message === null ? `ended with code ${code}` : `ended with “${message}”`;
}
