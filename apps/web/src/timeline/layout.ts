import { type Run, runsOf } from './lod.ts';
import type { Row } from './row.ts';
import { type TimeScale, xOf } from './scale.ts';

/** Pitch and slice of a lane, in CSS pixels. */
export interface LaneSize {
  readonly pitch: number;
  readonly slice: number;
}

export const laneSizes = {
  tall: { pitch: 40, slice: 28 },
  /** For more lanes than a screen holds. */
  normal: { pitch: 22, slice: 16 },
  /** A rank that is not there is the one to look at. */
  absent: { pitch: 64, slice: 52 },
} as const satisfies Record<string, LaneSize>;

/** Above so many lanes they are drawn at the normal size. */
export const tallLaneLimit = 24;

export const axisHeight = 30;

/** Where a row stands on the panel: the labels beside the canvas use the same numbers. */
export interface RowBox {
  readonly y: number;
  readonly pitch: number;
  readonly sliceY: number;
  readonly slice: number;
}

export interface LaneScene {
  readonly row: Row;
  readonly box: RowBox;
  readonly runs: readonly Run[];
  readonly sites: readonly { readonly x: number; readonly width: number; readonly open: boolean }[];
  readonly gaps: readonly { readonly x: number; readonly width: number; readonly seconds: number }[];
  /** The open slice: from where, and for how long. */
  readonly open: { readonly x: number; readonly seconds: number; readonly phase: string } | null;
  /** From here on nothing is known: the node is out of reach, the process ended, or the data is old. */
  readonly unknownFromX: number | null;
}

/** Heights of the rows, top to bottom. */
export function boxesOf(rows: readonly Row[]): RowBox[] {
  const common = rows.length > tallLaneLimit ? laneSizes.normal : laneSizes.tall;
  let y = 0;
  return rows.map((row) => {
    const { pitch, slice } = row.standing.kind === 'absent' ? laneSizes.absent : common;
    const box = { y, pitch, sliceY: y + Math.round((pitch - slice) / 2), slice };
    y += pitch;
    return box;
  });
}

export function heightOf(boxes: readonly RowBox[]): number {
  const last = boxes.at(-1);
  return last === undefined ? 0 : last.y + last.pitch;
}

function sitesOf(row: Row, scale: TimeScale, nowMs: number) {
  const sites: { x: number; width: number; open: boolean }[] = [];
  for (const { startMs, endMs } of row.sites) {
    if (startMs > scale.endMs || (endMs ?? nowMs) < scale.startMs) continue;
    const x = Math.max(0, Math.round(xOf(scale, startMs)));
    const right = Math.min(Math.round(scale.widthPx), Math.max(x + 1, Math.round(xOf(scale, endMs ?? nowMs))));
    const last = sites.at(-1);
    if (last !== undefined && !last.open && endMs !== null && x <= last.x + last.width)
      last.width = Math.max(last.width, right - last.x);
    else sites.push({ x, width: right - x, open: endMs === null });
  }
  return sites;
}

/** Rows → what stands where. Pure: the same rows, scale and moment give the same scene. `nowMs` is the newest report. */
export function layout(rows: readonly Row[], scale: TimeScale, nowMs: number): LaneScene[] {
  const boxes = boxesOf(rows);
  return rows.map((row, at) => {
    const box = boxes[at] ?? { y: 0, pitch: 0, sliceY: 0, slice: 0 };
    const ends =
      row.state.kind === 'ended' ? row.state.atMs : row.state.kind === 'unreachable' ? row.state.sinceMs : null;
    const knownUntil = Math.min(nowMs, ends ?? nowMs);
    const last = row.spans.at(-1);
    const open = last !== undefined && last.endMs === null && row.state.kind === 'reporting' ? last : null;
    const nothingKnown = row.state.kind === 'never_reported' || (row.state.kind === 'unreachable' && ends === null);
    const silent = row.state.kind !== 'reporting' || nowMs < scale.endMs - 1500;
    return {
      row,
      box,
      runs: runsOf(row.spans, scale, knownUntil),
      sites: sitesOf(row, scale, knownUntil),
      gaps: row.gaps
        .filter((gap) => gap.endMs >= scale.startMs && gap.startMs <= scale.endMs)
        .map(({ startMs, endMs }) => {
          const x = Math.max(0, Math.round(xOf(scale, startMs)));
          return { x, width: Math.max(1, Math.round(xOf(scale, endMs)) - x), seconds: (endMs - startMs) / 1000 };
        }),
      open:
        open === null
          ? null
          : {
              x: Math.max(0, Math.round(xOf(scale, open.startMs))),
              seconds: (nowMs - open.startMs) / 1000,
              phase: open.phase,
            },
      unknownFromX: silent ? Math.max(0, Math.round(xOf(scale, nothingKnown ? scale.startMs : knownUntil))) : null,
    };
  });
}
