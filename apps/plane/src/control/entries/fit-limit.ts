import type { EntryQuery, EntryStore } from './entry-store.ts';

/** So many entries of each runner are never too much, however many runners a store remembers. */
const sureLimit = 1_024;

/**
 * The query with a limit per runner under which the answer has at most about `maxRows`. A store remembers the runners of
 * weeks, and 65,536 entries of each of them would be more than a process can hold.
 */
export async function fitLimit(store: EntryStore, query: EntryQuery, maxRows: number): Promise<EntryQuery> {
  if (query.limitPerRunner <= sureLimit) return query;
  const { batch } = await store.query({ ...query, limitPerRunner: 1 });
  const runners = new Set(batch.sources.map(({ runnerId }) => runnerId)).size;
  const fitting = Math.floor(maxRows / Math.max(1, runners));
  return { ...query, limitPerRunner: Math.max(1, Math.min(query.limitPerRunner, fitting)) };
}
