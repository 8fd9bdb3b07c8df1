import type { EntryBatch } from '@rankscope/schema';
import type { ShapeBook, ShapeKey } from './shape-book.ts';
import type { SiteFrame } from './site-detail.ts';

const unmapped = -1;

/** Finds the numbers of rows' shapes, and how the detail of a site of that shape is worded. */
export function createShapeFinder({ columns, strings }: EntryBatch, shapes: ShapeBook) {
  shapes.beginBatch();
  const words = new Int32Array(strings.length).fill(unmapped);
  const wordAt = (at: number) => {
    if (words[at] === unmapped) words[at] = shapes.wordOf(strings[at] ?? '');
    return words[at] ?? 0;
  };
  const key: ShapeKey = {
    phase: 0,
    event: 0,
    op: 0,
    dtype: 0,
    group: 0,
    cell: 0,
    layer: 0,
    waitingOn: 0,
    bytes: 0,
  };
  const { phase, event, op, dtype, group, cell, layer, waitingOn, bytes } = columns;

  return (rows: Uint32Array, ids: Uint32Array, frames: (SiteFrame | null)[]): void => {
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i] ?? 0;
      key.phase = wordAt(phase[row] ?? 0);
      key.event = wordAt(event[row] ?? 0);
      key.op = wordAt(op[row] ?? 0);
      key.dtype = wordAt(dtype[row] ?? 0);
      key.group = group[row] ?? -1;
      key.cell = cell[row] ?? -1;
      key.layer = layer[row] ?? -1;
      key.waitingOn = waitingOn[row] ?? -1;
      key.bytes = bytes[row] ?? -1;
      const position = shapes.find(key);
      ids[i] = shapes.idAt(position);
      frames[i] = shapes.frameAt(position);
    }
  };
}
