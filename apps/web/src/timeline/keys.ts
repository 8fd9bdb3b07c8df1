import type { Row } from './row.ts';
import { fitted, followed, panned, type Selection, scaleOf, type View, zoomed } from './view.ts';

export interface KeyContext {
  readonly view: View;
  readonly rows: readonly Row[];
  readonly wallMs: number;
}

export const keyHelp: readonly { readonly keys: readonly string[]; readonly does: string }[] = [
  { keys: ['W', 'S'], does: 'zoom' },
  { keys: ['A', 'D'], does: 'pan' },
  { keys: ['0'], does: 'whole range' },
  { keys: ['L'], does: 'live' },
  { keys: ['←', '→'], does: 'slices' },
  { keys: ['↑', '↓'], does: 'lanes' },
];

function selectionAt(row: Row, ms: number): Selection | null {
  const span = row.spans.findLast(({ startMs }) => startMs <= ms) ?? row.spans[0];
  return span === undefined ? null : { key: row.key, ...span };
}

function inLane({ view, rows, wallMs }: KeyContext, step: 1 | -1): Partial<View> {
  const row = rows.find(({ key }) => key === view.focusedKey) ?? rows[0];
  if (row === undefined) return {};
  const at = row.spans.findIndex((span) => view.selected?.key === row.key && span.startMs === view.selected.startMs);
  const next = at < 0 ? row.spans.at(-1) : row.spans[at + step];
  if (next === undefined) return { focusedKey: row.key };
  const scale = scaleOf(view, wallMs, 1);
  const visible = next.startMs >= scale.startMs && next.startMs <= scale.endMs;
  const moved = visible || next.endMs === null ? {} : { live: false, toMs: next.startMs + view.windowSeconds * 500 };
  return { ...moved, focusedKey: row.key, selected: { key: row.key, ...next } };
}

function acrossLanes({ view, rows, wallMs }: KeyContext, step: 1 | -1): Partial<View> {
  const at = rows.findIndex(({ key }) => key === view.focusedKey);
  const row = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
  if (row === undefined) return {};
  return { focusedKey: row.key, selected: selectionAt(row, view.selected?.startMs ?? wallMs) };
}

/** What a key does to the view; null when it is none of ours. */
export function keyChange(key: string, context: KeyContext): Partial<View> | null {
  const { view, rows, wallMs } = context;
  const quarter = view.windowSeconds * 250;
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case 'w':
    case '+':
      return zoomed(view, wallMs, 0.7, view.cursorMs);
    case 's':
    case '-':
      return zoomed(view, wallMs, 1 / 0.7, view.cursorMs);
    case 'a':
      return panned(view, wallMs, -quarter);
    case 'd':
      return panned(view, wallMs, quarter);
    case '0':
      return fitted(Math.min(wallMs, ...rows.map(({ spans }) => spans[0]?.startMs ?? wallMs)), wallMs);
    case 'l':
      return view.live ? { live: false, toMs: scaleOf(view, wallMs, 1).endMs } : followed();
    case 'ArrowLeft':
      return inLane(context, -1);
    case 'ArrowRight':
      return inLane(context, 1);
    case 'ArrowUp':
      return acrossLanes(context, -1);
    case 'ArrowDown':
      return acrossLanes(context, 1);
    case 'Escape':
      return { selected: null, focusedKey: null };
    default:
      return null;
  }
}
