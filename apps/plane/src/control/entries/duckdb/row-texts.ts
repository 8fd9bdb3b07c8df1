import type { DuckDBValue } from '@duckdb/node-api';
import type { RawRows } from './raw-rows.ts';
import type { Session } from './session.ts';
import { firstText } from './tables.ts';

export interface Shape {
  readonly phase: string;
  readonly event: string;
  readonly op: string;
  readonly dtype: string;
  readonly group: number;
  readonly cell: number;
  readonly layer: number;
  readonly waitingOn: number;
  readonly bytes: number;
}

export interface Job {
  readonly taskId: string;
  readonly commandId: string;
}

/** What the numbers in rows of one hour stand for. */
export interface HourTexts {
  readonly shapes: ReadonlyMap<number, Shape>;
  readonly jobs: ReadonlyMap<number, Job>;
  readonly texts: ReadonlyMap<number, string>;
}

interface Wanted {
  readonly shapes: Set<number>;
  readonly jobs: Set<number>;
  readonly texts: Set<number>;
}

/** Reads each shape, job and text that occurs in the rows, once. */
export async function readRowTexts(session: Session, raw: RawRows): Promise<Map<number, HourTexts>> {
  const found = new Map<number, HourTexts>();
  for (const [hour, wanted] of wantedOf(raw)) {
    const shapes = await readById(session, `shapes_${hour}`, wanted.shapes);
    const jobs = await readById(session, `jobs_${hour}`, wanted.jobs);
    const texts = await readById(session, `texts_${hour}`, wanted.texts);
    found.set(hour, {
      shapes: new Map(shapes.map(([id, ...shape]) => [Number(id), shapeOf(shape)])),
      jobs: new Map(
        jobs.map(([id, task, command]) => [Number(id), { taskId: String(task), commandId: String(command) }]),
      ),
      texts: new Map(texts.map(([id, text]) => [Number(id), String(text)])),
    });
  }
  return found;
}

function wantedOf(raw: RawRows): Map<number, Wanted> {
  const all = new Map<number, Wanted>();
  let hour: number | undefined;
  let wanted: Wanted = { shapes: new Set(), jobs: new Set(), texts: new Set() };
  for (let row = 0; row < raw.rows; row += 1) {
    if (raw.hour[row] !== hour) {
      hour = raw.hour[row] ?? 0;
      wanted = all.get(hour) ?? { shapes: new Set(), jobs: new Set(), texts: new Set() };
      all.set(hour, wanted);
    }
    wanted.shapes.add(raw.shape[row] ?? 0);
    const job = raw.job[row] ?? 0;
    if (job !== 0) wanted.jobs.add(job);
    const detail = raw.detail[row] ?? 0;
    if (detail >= firstText) wanted.texts.add(detail);
    const extra = raw.extra[row] ?? 0;
    if (extra !== 0) wanted.texts.add(extra);
  }
  return all;
}

/** Above so many numbers their range is read instead: a long list costs more than the rows between. */
const mostListed = 4096;

async function readById(session: Session, table: string, ids: ReadonlySet<number>): Promise<DuckDBValue[][]> {
  if (ids.size === 0) return [];
  if (ids.size <= mostListed) {
    return session.rows(`SELECT * FROM ${table} WHERE id IN (${[...ids].join(',')})`);
  }
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const id of ids) {
    low = Math.min(low, id);
    high = Math.max(high, id);
  }
  const rows = await session.rows(`SELECT * FROM ${table} WHERE id BETWEEN ${low} AND ${high}`);
  return rows.filter(([id]) => ids.has(Number(id)));
}

function shapeOf([phase, event, op, dtype, group, cell, layer, waitingOn, bytes]: readonly DuckDBValue[]): Shape {
  return {
    phase: String(phase),
    event: String(event),
    op: String(op),
    dtype: String(dtype),
    group: Number(group),
    cell: Number(cell),
    layer: Number(layer),
    waitingOn: Number(waitingOn),
    bytes: Number(bytes),
  };
}
