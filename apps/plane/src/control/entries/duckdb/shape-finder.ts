import type { EntryBatch } from '@rankscope/schema';
import type { ShapeBook } from './shape-book.ts';
import type { SiteFrame } from './site-detail.ts';

/** Shapes that a batch is remembered to have, in its own numbers; with more of them each is looked up in the book. */
const maxSeen = 4_096;

/** A shape of the batch, as its columns say it. */
interface Seen {
  readonly phase: number;
  readonly event: number;
  readonly op: number;
  readonly dtype: number;
  readonly group: number;
  readonly cell: number;
  readonly layer: number;
  readonly waitingOn: number;
  readonly bytes: number;
  readonly id: number;
  readonly frame: SiteFrame | null;
  /**
   * What followed it last, and what before. A rank does the same for every token, so most likely one of them follows
   * again: a collective of the same layer, or of the next.
   */
  next: Seen | null;
  nextBefore: Seen | null;
}

/** Finds the numbers of rows' shapes, and how the detail of a site of that shape is worded. */
export function createShapeFinder({ columns, strings }: EntryBatch, shapes: ShapeBook) {
  shapes.beginBatch();
  const { phase, event, op, dtype, group, cell, layer, waitingOn, bytes } = columns;
  const words = new Map<number, number>();
  const wordAt = (at: number) => {
    const known = words.get(at);
    if (known !== undefined) return known;
    const word = shapes.wordOf(strings[at] ?? '');
    words.set(at, word);
    return word;
  };
  const seen = new Map<number, Seen>();
  const look = (row: number): Seen => {
    const raw = {
      phase: phase[row] ?? 0,
      event: event[row] ?? 0,
      op: op[row] ?? 0,
      dtype: dtype[row] ?? 0,
      group: group[row] ?? -1,
      cell: cell[row] ?? -1,
      layer: layer[row] ?? -1,
      waitingOn: waitingOn[row] ?? -1,
      bytes: bytes[row] ?? -1,
    };
    const key = {
      ...raw,
      phase: wordAt(raw.phase),
      event: wordAt(raw.event),
      op: wordAt(raw.op),
      dtype: wordAt(raw.dtype),
    };
    const position = shapes.find(key);
    const id = shapes.idAt(position);
    const known = seen.get(id);
    if (known) return known;
    if (seen.size === maxSeen) seen.clear();
    const made = { ...raw, id, frame: shapes.frameAt(position), next: null, nextBefore: null };
    seen.set(id, made);
    return made;
  };
  const says = (one: Seen, row: number) =>
    one.layer === layer[row] &&
    one.event === event[row] &&
    one.phase === phase[row] &&
    one.op === op[row] &&
    one.bytes === bytes[row] &&
    one.cell === cell[row] &&
    one.waitingOn === waitingOn[row] &&
    one.group === group[row] &&
    one.dtype === dtype[row];

  const follow = (before: Seen | null, row: number): Seen => {
    if (before === null) return look(row);
    const { next, nextBefore } = before;
    if (next !== null && says(next, row)) return next;
    const found = nextBefore !== null && says(nextBefore, row) ? nextBefore : look(row);
    before.next = found;
    before.nextBefore = next;
    return found;
  };

  let last: Seen | null = null;
  return (rows: Uint32Array, ids: Uint32Array, frames: (SiteFrame | null)[]): void => {
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i] ?? 0;
      const found: Seen = follow(last, row);
      last = found;
      ids[i] = found.id;
      frames[i] = found.frame;
    }
  };
}
