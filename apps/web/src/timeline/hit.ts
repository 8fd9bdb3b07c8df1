import { axisHeight, boxesOf } from './layout.ts';
import type { PhaseSpan, Row } from './row.ts';
import { type TimeScale, timeAt } from './scale.ts';

export interface Hit {
  readonly row: Row;
  readonly span: PhaseSpan | null;
}

/** What lies under a point of the panel; a slice up to three pixels away is near enough to be meant. */
export function hitAt(rows: readonly Row[], scale: TimeScale, nowMs: number, x: number, y: number): Hit | null {
  const at = boxesOf(rows).findIndex((box) => y - axisHeight >= box.y && y - axisHeight < box.y + box.pitch);
  const row = rows[at];
  if (row === undefined) return null;
  for (const reach of [0, 3]) {
    const from = timeAt(scale, x - reach);
    const to = timeAt(scale, x + reach);
    const span = row.spans.findLast(({ startMs, endMs }) => startMs <= to && (endMs ?? nowMs) >= from);
    if (span !== undefined) return { row, span };
  }
  return { row, span: null };
}
