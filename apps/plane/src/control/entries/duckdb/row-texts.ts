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

/** An answer that would be larger than one may be. */
export class TooMuchError extends Error {
  override readonly name = 'TooMuchError';
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
    const parts = await readById(session, `texts_${hour}`, wanted.texts);
    found.set(hour, {
      shapes: new Map(shapes.map(([id, ...shape]) => [Number(id), shapeOf(shape)])),
      jobs: new Map(
        jobs.map(([id, task, command]) => [Number(id), { taskId: String(task), commandId: String(command) }]),
      ),
      texts: joinParts(parts),
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

/** In one statement: what it brings lies in DuckDB's memory as a whole. */
const mostListed = 1_024;
/** Characters of the texts of one answer. They are held here, in the message and in front of it. */
const mostCharacters = 32 * 1024 * 1024;

/** Numbers of one table are asked for in their order, which is the order in which they lie there. */
async function readById(session: Session, table: string, ids: ReadonlySet<number>): Promise<DuckDBValue[][]> {
  const sorted = Uint32Array.from(ids).sort();
  const found: DuckDBValue[][] = [];
  let characters = 0;
  for (let from = 0; from < sorted.length; from += mostListed) {
    const listed = sorted.subarray(from, from + mostListed);
    const range = `BETWEEN ${listed[0]} AND ${listed.at(-1)}`;
    for (const row of await session.rows(`SELECT * FROM ${table} WHERE id ${range} AND id IN (${listed.join(',')})`)) {
      for (const cell of row) if (typeof cell === 'string') characters += cell.length;
      if (characters > mostCharacters) throw new TooMuchError(`its texts are more than ${mostCharacters} characters`);
      found.push(row);
    }
  }
  return found;
}

/** Texts lie in parts; see the text book. */
function joinParts(rows: readonly (readonly DuckDBValue[])[]): Map<number, string> {
  const parts = new Map<number, string[]>();
  for (const [id, part, text] of rows) {
    const of = parts.get(Number(id)) ?? [];
    of[Number(part)] = String(text);
    parts.set(Number(id), of);
  }
  return new Map([...parts].map(([id, of]) => [id, of.join('')]));
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
