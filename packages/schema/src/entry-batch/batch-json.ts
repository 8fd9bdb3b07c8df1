import { z } from '../zod.ts';
import { BatchSource } from './batch-bytes.ts';
import { type EntryBatch, saidColumns } from './entry-batch.ts';

/**
 * A batch for people and for languages without typed arrays: the columns in which something is said, named and filled as
 * `entryColumns` describes them.
 */
export const EntryBatchJson = z
  .object({
    rows: z.int().nonnegative(),
    sources: z.array(BatchSource),
    strings: z.array(z.string()),
    columns: z.record(z.string(), z.array(z.number())),
  })
  .meta({ id: 'EntryBatch' });
export type EntryBatchJson = z.infer<typeof EntryBatchJson>;

export function entryBatchJson(batch: EntryBatch): EntryBatchJson {
  const columns = Object.fromEntries(saidColumns(batch).map((name) => [name, Array.from(batch.columns[name])]));
  return { rows: batch.rows, sources: [...batch.sources], strings: [...batch.strings], columns };
}
