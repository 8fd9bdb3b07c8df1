import type { AttrValue } from '@rankscope/schema';

/** What of an entry decides whether two are the same record. */
export interface KeyedEntry {
  readonly at: string;
  readonly phase: string;
  readonly event: string;
  readonly detail: string | null;
  readonly attrs: Readonly<Record<string, AttrValue>>;
  readonly taskId: string | null;
  readonly commandId: string | null;
  readonly mlxMemory: unknown;
}

/**
 * Names an entry among those of its runner. A runner has up to two recorders, its own and its supervisor's, and each
 * counts for itself. Foreign recorders do not count at all: there, equal in everything is the same.
 */
export function entryKey(entry: KeyedEntry): string {
  const { seq, source } = entry.attrs;
  if (typeof seq === 'number') return source === undefined ? `${seq}` : `${String(source)}/${seq}`;
  const { at, phase, event, detail, attrs, taskId, commandId, mlxMemory } = entry;
  return JSON.stringify([at, phase, event, detail, Object.entries(attrs).sort(byName), taskId, commandId, mlxMemory]);
}

function byName([a]: readonly [string, AttrValue], [b]: readonly [string, AttrValue]): number {
  return a < b ? -1 : Number(a > b);
}
