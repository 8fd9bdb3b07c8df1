import { type EntryBatch, entryColumnNames, entryColumns, noneOf, recorderKey } from '@rankscope/schema';
import { RowBuffer } from './row-buffer.ts';

/** The rows of several batches as one: many small ones cost more for themselves than for what they hold. */
export function mergeBatches(batches: readonly EntryBatch[]): EntryBatch {
  const buffer = new RowBuffer();
  const sourceOf = new Map<string, number>();
  for (const batch of batches) {
    const first = buffer.rows;
    for (let i = 0; i < batch.rows; i += 1) buffer.row();
    const sources = batch.sources.map((source) => {
      const key = recorderKey(source);
      const at = sourceOf.get(key) ?? buffer.sources.length;
      sourceOf.set(key, at);
      // What a rank said last of itself counts.
      buffer.sources[at] = source;
      return at;
    });
    const texts = batch.strings.map((text) => buffer.texts.ofString(text));
    for (const name of entryColumnNames) {
      const from = batch.columns[name];
      const to = buffer.columns[name];
      const none = noneOf(name);
      const moved = name === 'source' ? sources : entryColumns[name] === 'text' ? texts : null;
      for (let i = 0; i < batch.rows; i += 1) {
        const value = from[i] ?? none;
        if (value === none && name !== 'source') continue;
        buffer.use(name);
        to[first + i] = moved === null ? value : (moved[value] ?? 0);
      }
    }
  }
  return buffer.take();
}
