import type { RawRows } from './raw-rows.ts';
import type { HourTexts } from './row-texts.ts';

/** Distinct things of an answer, and for each row which of them it is of. */
export interface Numbered<T> {
  readonly all: readonly T[];
  /** Position in `all`, plus one; 0 none. */
  readonly of: Uint32Array;
}

export interface NumberedOptions<T> {
  readonly raw: RawRows;
  readonly kept: Uint32Array;
  readonly texts: ReadonlyMap<number, HourTexts>;
  readonly column: 'shape' | 'job';
  readonly find: (texts: HourTexts, id: number) => T | undefined;
}

/** What the numbers in a column of several hours stand for. An hour's numbers are its own. */
export function numberRows<T>({ raw, kept, texts, column, find }: NumberedOptions<T>): Numbered<T> {
  const all: T[] = [];
  const of = new Uint32Array(kept.length);
  const byHour = new Map<number, Map<number, number>>();
  let hour = Number.NaN;
  let known = new Map<number, number>();
  const ids = raw[column];
  for (let i = 0; i < kept.length; i += 1) {
    const row = kept[i] ?? 0;
    const id = ids[row] ?? 0;
    if (raw.hour[row] !== hour) {
      hour = raw.hour[row] ?? 0;
      known = byHour.get(hour) ?? new Map();
      byHour.set(hour, known);
    }
    let at = known.get(id);
    if (at === undefined) {
      const hourTexts = texts.get(hour);
      const found = hourTexts && find(hourTexts, id);
      at = found === undefined ? 0 : all.push(found);
      known.set(id, at);
    }
    of[i] = at;
  }
  return { all, of };
}
