import type { EntryQuery } from '../entry-store.ts';
import type { Committed } from './book.ts';
import type { SourceBook } from './source-book.ts';
import type { Stretch } from './stretch.ts';

/** A recorder in one hour's table. */
export interface WantedSource {
  readonly source: number;
  /** Position of the runner: its newest rows are counted over its recorders. */
  readonly runner: number;
  /** Position of the recorder in the answer. */
  readonly place: number;
  /** Older rows are not among the newest; microseconds since the epoch. */
  readonly fromUs: number;
}

export interface QueryPlan {
  /** Newest hour first, by number. */
  readonly hours: ReadonlyMap<number, readonly WantedSource[]>;
  /** How many rows of each runner the answer holds. Smaller than asked for where all of them would be too many. */
  readonly limit: number;
  readonly untilUs: number;
  /** Rows that may have to be looked at, and as many of them as can be in the answer. */
  readonly candidates: number;
  readonly rows: number;
}

interface Recorder {
  readonly source: number;
  readonly place: number;
  readonly stretches: Stretch[];
}

interface Runner {
  readonly recorders: Recorder[];
}

export interface PlanLimits {
  /** Most rows of an answer. */
  readonly maxRows: number;
}

/** Later than any time that a batch may bring, and a BIGINT. */
const endOfTimeUs = 2 ** 62;

/** Which rows of which tables can be in the answer, from what is known without reading. Null: none. */
export function planQuery(facts: Committed, query: EntryQuery, { maxRows }: PlanLimits): QueryPlan | null {
  const sinceUs = Math.max(0, Math.ceil(query.sinceUs ?? 0));
  const untilUs = Math.min(endOfTimeUs, Math.floor(query.untilUs ?? endOfTimeUs));
  const runners = findRunners(facts, query, { sinceUs, untilUs });
  if (runners.length === 0 || query.limitPerRunner <= 0) return null;
  const totals = runners.map((runner) => sumRows(stretchesOf(runner)));
  const limit = fairLimit(totals, query.limitPerRunner, maxRows);
  const picksAll = query.taskId === null && query.commandId === null;

  const hours = new Map<number, WantedSource[]>();
  let candidates = 0;
  for (const [at, runner] of runners.entries()) {
    const fromUs = picksAll ? newestFrom(stretchesOf(runner), { sinceUs, untilUs, rows: limit + 1 }) : sinceUs;
    for (const { source, place, stretches } of runner.recorders) {
      const needed = stretches.filter(({ maxUs }) => maxUs >= fromUs);
      candidates += sumRows(needed);
      for (const hour of new Set(needed.map((stretch) => stretch.hour))) {
        const list = hours.get(hour) ?? [];
        list.push({ source, place, runner: at, fromUs });
        hours.set(hour, list);
      }
    }
  }
  if (hours.size === 0) return null;
  const newestFirst = new Map([...hours].sort(([a], [b]) => b - a));
  const rows = totals.reduce((sum, total) => sum + Math.min(total, limit), 0);
  return { hours: newestFirst, limit, untilUs, candidates, rows };
}

/** Runners that the query may be about and that have rows in its time, with these rows' stretches. */
function findRunners(
  { stretches, sources }: Committed,
  query: EntryQuery,
  { sinceUs, untilUs }: { sinceUs: number; untilUs: number },
): Runner[] {
  const recorders = new Map<number, Recorder>();
  for (const [place, source] of findSources(sources, query).entries())
    recorders.set(source, { source, place, stretches: [] });
  for (const stretch of stretches)
    if (stretch.maxUs >= sinceUs && stretch.minUs <= untilUs) recorders.get(stretch.source)?.stretches.push(stretch);

  const runners = new Map<string, Runner>();
  for (const recorder of recorders.values()) {
    if (recorder.stretches.length === 0) continue;
    const runnerId = sources.get(recorder.source)?.runnerId ?? '';
    const runner = runners.get(runnerId) ?? { recorders: [] };
    runner.recorders.push(recorder);
    runners.set(runnerId, runner);
  }
  return [...runners.values()];
}

/** In the order of the answer: by runner, its own recorder before its supervisor's. */
function findSources(sources: SourceBook, { nodeId, instanceId, runnerIds }: EntryQuery): number[] {
  const wanted = runnerIds === null ? null : new Set(runnerIds);
  return [...sources.entries()]
    .filter(
      ([, source]) =>
        (nodeId === null || source.nodeId === nodeId) &&
        (instanceId === null || source.instanceId === instanceId) &&
        (wanted === null || wanted.has(source.runnerId)),
    )
    .sort(([, a], [, b]) => compareText(a.runnerId, b.runnerId) || compareText(a.recorder, b.recorder))
    .map(([id]) => id);
}

/**
 * From when on at least so many rows are sure to be there, without looking at them; `sinceUs` when they are not. Stretches
 * that reach out of the range do not count, their rows may all be outside.
 */
export function newestFrom(
  stretches: readonly Stretch[],
  { sinceUs, untilUs, rows }: { sinceUs: number; untilUs: number; rows: number },
): number {
  const inside = stretches
    .filter(({ minUs, maxUs }) => minUs >= sinceUs && maxUs <= untilUs)
    .sort((a, b) => b.minUs - a.minUs);
  let sure = 0;
  for (const stretch of inside) {
    sure += stretch.rows;
    if (sure >= rows) return stretch.minUs;
  }
  return sinceUs;
}

/** The highest limit at which all runners together do not have more than `maxRows`. */
export function fairLimit(totals: readonly number[], wanted: number, maxRows: number): number {
  const ascending = totals.toSorted((a, b) => a - b);
  let left = maxRows;
  for (const [at, total] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - at));
    if (total > share) return Math.max(1, Math.min(wanted, share));
    left -= total;
  }
  return wanted;
}

function stretchesOf({ recorders }: Runner): Stretch[] {
  return recorders.flatMap(({ stretches }) => stretches);
}

function sumRows(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { rows }) => sum + rows, 0);
}

/** By code unit, the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
