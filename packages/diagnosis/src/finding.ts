import type { VerdictCode, VerdictRank } from '@rankscope/schema';
import type { Group } from './group.ts';
import type { RankView, Site } from './rank-view.ts';
import type { Row } from './row.ts';

/** What one judge found; {@link verdictOf} makes the verdict of it. */
export interface Finding {
  readonly code: VerdictCode;
  readonly confidence: 'established' | 'supported' | 'undecided';
  readonly subreason?: string | undefined;
  readonly site?: Site | null | undefined;
  readonly culprits?: readonly VerdictRank[];
  readonly suspects?: readonly VerdictRank[];
  readonly victims?: readonly number[];
  readonly missing?: readonly string[];
  readonly evidence?: readonly Evidence[];
  /** When it began, microseconds since the epoch by the clock of the node that shows it. */
  readonly sinceUs?: number | undefined;
  readonly sentence: string;
  readonly nextStep?: string | null;
}

export interface Evidence {
  readonly runnerId: string;
  /** Null: the runner's present state. */
  readonly seq: number | null;
}

export function rankIn(group: Group, rank: number, why: string, role: VerdictRank['role'] = null): VerdictRank {
  const view = viewOf(group, rank);
  const expected = group.expected.find((one) => one.rank === rank);
  return {
    rank,
    nodeId: view?.runner.nodeId ?? expected?.nodeId ?? null,
    runnerId: view?.runner.runnerId ?? null,
    phase: view?.phase ?? null,
    why,
    role,
  };
}

export function viewOf(group: Group, rank: number): RankView | undefined {
  return group.ranks.find((view) => view.rank === rank);
}

export function citing(view: RankView, ...rows: readonly (Row | null | undefined)[]): Evidence[] {
  const found = rows.flatMap((row) =>
    row ? [{ runnerId: view.runner.runnerId, seq: row.seq < 0 ? null : row.seq }] : [],
  );
  return found.length > 0 ? found : [{ runnerId: view.runner.runnerId, seq: null }];
}

/** `rank 1` · `ranks 0 and 2` · `ranks 0, 2 and 3` · `ranks 0, 1, 2 and 13 more`. */
export function ranksText(ranks: readonly number[]): string {
  const shown = 6;
  if (ranks.length === 0) return 'no rank';
  if (ranks.length === 1) return `rank ${ranks[0]}`;
  if (ranks.length > shown) return `ranks ${ranks.slice(0, shown - 1).join(', ')} and ${ranks.length - shown + 1} more`;
  return `ranks ${ranks.slice(0, -1).join(', ')} and ${ranks.at(-1)}`;
}

export function hasHave(ranks: readonly number[]): string {
  return ranks.length === 1 ? 'has' : 'have';
}

/** `4.1 s` · `39 s` · `5 min`. */
export function secondsText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

/** Whether a strict majority agrees; the ranks of the others, or null for a tie. */
export function minorityOf<T>(votes: ReadonlyMap<number, T>): { minority: number[]; majority: T } | null {
  const counts = new Map<string, { value: T; ranks: number[] }>();
  for (const [rank, value] of votes) {
    const key = JSON.stringify(value);
    const known = counts.get(key);
    if (known) known.ranks.push(rank);
    else counts.set(key, { value, ranks: [rank] });
  }
  const [first] = [...counts.values()].sort((a, b) => b.ranks.length - a.ranks.length);
  if (first === undefined || first.ranks.length * 2 <= votes.size) return null;
  const agree = new Set(first.ranks);
  return {
    majority: first.value,
    minority: [...votes.keys()].filter((rank) => !agree.has(rank)).sort((a, b) => a - b),
  };
}
