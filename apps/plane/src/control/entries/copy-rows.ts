import {
  type EntryBatch,
  type EntryBatchBuilder,
  type EntryColumn,
  entryColumns,
  saidColumns,
} from '@rankscope/schema';

/** Copies rows of other batches into one, where their recorders and texts have places of their own. */
export interface RowCopier {
  copy(row: number): void;
}

export function createRowCopier(builder: EntryBatchBuilder, batch: EntryBatch): RowCopier {
  // Place there → place here; 0 is the empty text in both, and what has not been met yet.
  const texts = new Uint32Array(batch.strings.length);
  const sources = new Int32Array(batch.sources.length).fill(-1);
  const said = saidColumns(batch).filter((name) => name !== 'source');
  const isText = new Set<EntryColumn>(said.filter((name) => entryColumns[name] === 'text'));

  const textOf = (there: number): number => {
    if (there === 0) return 0;
    const known = texts[there] ?? 0;
    if (known !== 0) return known;
    const here = builder.text(batch.strings[there]);
    texts[there] = here;
    return here;
  };
  const sourceOf = (there: number): number => {
    const known = sources[there] ?? -1;
    const source = batch.sources[there];
    if (known !== -1 || source === undefined) return known;
    const here = builder.source(source);
    sources[there] = here;
    return here;
  };
  return {
    copy(row) {
      const at = builder.row();
      const { columns } = builder;
      columns.source[at] = sourceOf(batch.columns.source[row] ?? 0);
      for (const name of said) {
        const value = batch.columns[name][row] ?? 0;
        columns[name][at] = isText.has(name) ? textOf(value) : value;
      }
    },
  };
}
