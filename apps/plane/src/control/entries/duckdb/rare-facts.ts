import type { EntryBatch } from '@rankscope/schema';

const maxShifted = 2 ** 32 - 2;

/** Whether a value, or its absence, fits a column that is kept as one more than it is, in 32 bits. */
function fitsShifted(value: number): boolean {
  return value < 0 || (Number.isInteger(value) && value <= maxShifted);
}

/** Columns that few rows fill. */
const rareColumns = ['chunkIndex', 'chunkTotal', 'dropped'] as const;
const memoryColumns = ['memoryAtUs', 'memoryActive', 'memoryCache', 'memoryPeak', 'memoryWiredLimit'] as const;
/** Columns that have their own place in the table, for the values that do not fit it. */
const fittedColumns = ['seq', 'barrierSeq', 'evalSeq'] as const;

type Facts = {
  -readonly [C in (typeof rareColumns)[number] | (typeof fittedColumns)[number]]?: number;
} & { attrs?: string; memory?: number[]; memorySource?: string };

/** 1 for each row that has rare facts; null where no row of the batch has. */
export function findRareRows({ rows, columns }: EntryBatch): Uint8Array | null {
  const rare = new Uint8Array(rows);
  let count = markOutside(columns.seq, Number.MAX_SAFE_INTEGER, rare);
  for (const name of ['barrierSeq', 'evalSeq'] as const) count += markOutside(columns[name], maxShifted, rare);
  for (const name of [...rareColumns, 'memoryAtUs'] as const) count += markOutside(columns[name], -1, rare);
  const { attrs } = columns;
  for (let row = 0; row < rows; row += 1) {
    if (attrs[row] === 0) continue;
    rare[row] = 1;
    count += 1;
  }
  return count === 0 ? null : rare;
}

/** Marks values that are said and are not whole numbers up to `most`. */
function markOutside(column: Float64Array, most: number, rare: Uint8Array): number {
  let count = 0;
  for (let row = 0; row < column.length; row += 1) {
    const value = column[row] ?? -1;
    if (!(value >= 0) || (value <= most && Math.floor(value) === value)) continue;
    rare[row] = 1;
    count += 1;
  }
  return count;
}

/** What a row says in the columns that have no column of the table, as JSON; null for nothing. */
export function rareFacts({ columns, strings }: EntryBatch, row: number): string | null {
  const facts: Facts = {};
  for (const name of rareColumns) if (isSaid(columns[name][row])) facts[name] = columns[name][row] ?? 0;
  const seq = columns.seq[row] ?? -1;
  if (seq >= 0 && !Number.isSafeInteger(seq)) facts.seq = seq;
  for (const name of ['barrierSeq', 'evalSeq'] as const) {
    const value = columns[name][row] ?? -1;
    if (!fitsShifted(value)) facts[name] = value;
  }
  const attrs = columns.attrs[row] ?? 0;
  if (attrs !== 0) facts.attrs = strings[attrs] ?? '';
  if (isSaid(columns.memoryAtUs[row])) {
    facts.memory = memoryColumns.map((name) => columns[name][row] ?? -1);
    facts.memorySource = strings[columns.memorySource[row] ?? 0] ?? '';
  }
  for (const _ in facts) return JSON.stringify(facts);
  return null;
}

function isSaid(value: number | undefined): boolean {
  return value !== undefined && value >= 0;
}

/** A number of a column that goes back into a batch. */
export interface RareNumber {
  readonly name: (typeof rareColumns)[number] | (typeof fittedColumns)[number] | (typeof memoryColumns)[number];
  readonly value: number;
}

export interface ReadRareFacts {
  readonly numbers: readonly RareNumber[];
  readonly attrs: string | null;
  readonly memorySource: string | null;
}

/** The inverse of {@link rareFacts}. */
export function parseRareFacts(json: string): ReadRareFacts {
  const facts = JSON.parse(json) as Facts;
  const numbers: RareNumber[] = [];
  for (const name of [...rareColumns, ...fittedColumns]) {
    const value = facts[name];
    if (value !== undefined) numbers.push({ name, value });
  }
  for (const [at, value] of (facts.memory ?? []).entries()) {
    const name = memoryColumns[at];
    if (name !== undefined) numbers.push({ name, value });
  }
  return { numbers, attrs: facts.attrs ?? null, memorySource: facts.memorySource ?? null };
}
