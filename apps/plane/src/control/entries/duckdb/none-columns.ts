import { type EntryColumn, type EntryColumnArrays, emptyColumn, entryColumns } from '@rankscope/schema/entry-columns';

/** Longer columns are made anew each time, so as not to keep megabytes for one large batch. */
const keptRows = 16_384;

/**
 * Columns in which no row says anything, lent out again and again. They must not be written to.
 */
export class NoneColumns {
  readonly #kept = new Map<string, EntryColumnArrays[EntryColumn]>();

  readonly column = <C extends EntryColumn>(name: C, rows: number): EntryColumnArrays[C] => {
    if (rows > keptRows) return emptyColumn(name, rows);
    const type = entryColumns[name];
    const kept = this.#kept.get(type) ?? emptyColumn(name, keptRows);
    this.#kept.set(type, kept);
    return kept.subarray(0, rows) as EntryColumnArrays[C];
  };
}
