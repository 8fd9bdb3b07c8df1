import type { EntryQuery } from '../entry-store.ts';
import type { PackedBatch } from '../packed-batch.ts';
import type { Committed } from './book.ts';
import { buildAnswer } from './build-answer.ts';
import { planQuery, type QueryPlan, type WantedSource } from './plan-query.ts';
import { rawColumns, readRawRows } from './raw-rows.ts';
import { readRowTexts } from './row-texts.ts';
import type { Session } from './session.ts';

export interface PackedAnswer {
  readonly batch: PackedBatch;
  readonly truncated: boolean;
}

/** Rows of one answer: some 30 MB at its destination, a quarter of a second here. */
export const maxAnswerRows = 262_144;
/**
 * Where so many times more rows may be among the newest than are, it is cheaper to find out first from when on they are:
 * that reads two columns, and the answer has all.
 */
const narrowFactor = 2;
/** Below so many rows neither costs anything. */
const narrowFrom = 16_384;

export const emptyAnswer: PackedAnswer = {
  batch: { rows: 0, sources: [], strings: [''], columns: [] },
  truncated: false,
};

/** `check` throws when the question has taken too long; between statements nothing else would end it. */
export async function runQuery(
  session: Session,
  facts: Committed,
  { query, check }: { query: EntryQuery; check: () => void },
): Promise<PackedAnswer> {
  const plan = planQuery(facts, query, { maxRows: maxAnswerRows });
  if (plan === null) return emptyAnswer;
  const jobs = await findJobs(session, plan, query);
  check();
  const tables = [...plan.hours].flatMap(([hour, wanted]) => {
    const ids = jobs === null ? null : (jobs.get(hour) ?? []);
    return ids?.length === 0 ? [] : [{ hour, wanted, ids }];
  });
  if (tables.length === 0) return emptyAnswer;
  const isVague = plan.candidates > Math.max(narrowFrom, plan.rows * narrowFactor);
  const narrowed = isVague ? await narrow(session, plan, tables) : tables;
  check();
  const raw = await readRawRows(session, newestRows(plan, narrowed));
  check();
  const texts = await readRowTexts(session, raw);
  check();
  const truncated = raw.rank.some((rank) => rank > plan.limit);
  return { batch: buildAnswer({ raw, texts, sources: facts.sources, limit: plan.limit }), truncated };
}

interface WantedTable {
  readonly hour: number;
  readonly wanted: readonly WantedSource[];
  /** Jobs to which the rows must belong; null: any. */
  readonly ids: readonly number[] | null;
}

/** Numbers of the task and command in each hour; null where the question is about all. */
async function findJobs(
  session: Session,
  { hours }: QueryPlan,
  { taskId, commandId }: EntryQuery,
): Promise<Map<number, number[]> | null> {
  if (taskId === null && commandId === null) return null;
  const found = new Map<number, number[]>();
  for (const hour of hours.keys()) {
    const ids = await session.rows(
      `SELECT id FROM jobs_${hour} WHERE ($1 IS NULL OR task_id = $1) AND ($2 IS NULL OR command_id = $2)`,
      [taskId, commandId],
    );
    found.set(
      hour,
      ids.map(([id]) => Number(id)),
    );
  }
  return found;
}

function rowsOf({ hour, wanted, ids }: WantedTable, untilUs: number, columns: string): string {
  const values = wanted
    .map(({ source, runner, place, fromUs }) => `(${source}::USMALLINT, ${runner}, ${place}, ${fromUs}::BIGINT)`)
    .join(', ');
  const fromUs = Math.min(...wanted.map((one) => one.fromUs));
  const ofJob = ids === null ? '' : ` AND e.job IN (${ids.join(', ')})`;
  // The plain bounds let DuckDB skip row groups; the bound of each recorder cannot.
  return `SELECT ${hour} AS hour, e.rowid AS row, w.runner, w.place, ${columns}
    FROM entries_${hour} e JOIN (VALUES ${values}) w(source, runner, place, from_us) ON e.source = w.source
    WHERE e.at_us >= ${fromUs} AND e.at_us <= ${untilUs} AND e.at_us >= w.from_us${ofJob}`;
}

function newestRows({ limit, untilUs }: QueryPlan, tables: readonly WantedTable[]): string {
  const all = tables.map((table) => rowsOf(table, untilUs, 'e.*')).join(' UNION ALL ');
  return `SELECT ${rawColumns} FROM (
      SELECT *, row_number() OVER (PARTITION BY runner ORDER BY at_us DESC, seq DESC, hour DESC, row DESC) AS rank
      FROM (${all}) QUALIFY rank <= ${limit + 1}
    ) ORDER BY place, seq, at_us, hour, row`;
}

/**
 * Finds from when on the newest rows of each runner are, reading times only. Needed where what is known of the tables
 * does not say: a clock that was set, telemetry from all over the day in one block, a task of a million entries.
 */
async function narrow(
  session: Session,
  { limit, untilUs }: QueryPlan,
  tables: readonly WantedTable[],
): Promise<WantedTable[]> {
  const all = tables.map((table) => rowsOf(table, untilUs, 'e.at_us')).join(' UNION ALL ');
  const answer = await session.rows(
    `SELECT runner, list_min(newest)::DOUBLE FROM (
       SELECT runner, max(at_us, ${limit + 1}) AS newest FROM (${all}) GROUP BY runner
     ) WHERE len(newest) > ${limit}`,
  );
  const fromOf = new Map(answer.map(([runner, fromUs]) => [Number(runner), Number(fromUs)]));
  return tables.map((table) => ({
    ...table,
    wanted: table.wanted.map((one) => ({ ...one, fromUs: Math.max(one.fromUs, fromOf.get(one.runner) ?? 0) })),
  }));
}
