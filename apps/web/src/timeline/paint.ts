import { formatClock } from '../format.ts';
import type { Brush } from './brush.ts';
import { axisHeight, type LaneScene } from './layout.ts';
import { paintAbsent, paintOpen } from './paint-marks.ts';
import { paintErrors, paintSlices } from './paint-slices.ts';
import { paintStates } from './paint-states.ts';
import { hasTrunk, paintTrunk } from './paint-trunk.ts';
import type { Palette } from './palette.ts';
import { paintPlate, plateWidth } from './plate.ts';
import { type TimeScale, ticksOf, xOf } from './scale.ts';

export interface Picture {
  readonly scenes: readonly LaneScene[];
  readonly scale: TimeScale;
  /** Newest report: nothing is known to the right of it. */
  readonly nowMs: number;
  /** How old that report is by the wall clock. */
  readonly staleSeconds: number;
  readonly cursorMs: number | null;
  readonly selected: { readonly key: string; readonly startMs: number; readonly endMs: number | null } | null;
  readonly focusedKey: string | null;
}

/** Paints the panel: axis on top, then the lanes, then what lies over them. The brush starts at the panel's corner. */
export function paint(
  brush: Brush & { translate(x: number, y: number): void },
  picture: Picture,
  palette: Palette,
): void {
  const { scenes, scale, nowMs, staleSeconds } = picture;
  const last = scenes.at(-1)?.box;
  const height = last === undefined ? 0 : last.y + last.pitch;
  brush.fillStyle = palette.panel;
  brush.fillRect(0, 0, scale.widthPx, axisHeight + height);
  const nowX = Math.min(xOf(scale, nowMs), scale.widthPx);
  paintAxis(brush, picture, height, palette);
  brush.save();
  brush.translate(0, axisHeight);
  const pointing = hasTrunk(scenes);
  for (const scene of scenes) {
    if (scene.row.standing.kind === 'absent') {
      brush.fillStyle = palette.raised;
      brush.fillRect(0, scene.box.y, scale.widthPx, scene.box.pitch);
      brush.fillStyle = palette.weak;
      brush.fillRect(0, scene.box.y + scene.box.pitch - 1, scale.widthPx, 1);
    }
    paintSlices(brush, scene, palette);
  }
  paintCursorLine(brush, picture, height, palette);
  for (const scene of scenes) {
    paintOpen(brush, scene, nowX, nowMs, pointing, palette);
    paintStates(brush, scene, scale.widthPx, staleSeconds, palette);
  }
  if (pointing) paintTrunk(brush, scenes, nowX, palette);
  for (const scene of scenes) paintAbsent(brush, scene, scale, nowX, nowMs, palette);
  for (const scene of scenes) paintErrors(brush, scene, palette);
  paintSelection(brush, picture, palette);
  brush.restore();
  paintCursorTime(brush, picture, palette);
}

function paintAxis(
  brush: Brush,
  { scale, nowMs, cursorMs, staleSeconds }: Picture,
  height: number,
  palette: Palette,
): void {
  const { stepMs, atMs } = ticksOf(scale);
  const digits = stepMs >= 1000 ? 0 : stepMs >= 100 ? 1 : 3;
  const nowX = xOf(scale, nowMs);
  const cursorX = cursorMs === null ? null : xOf(scale, cursorMs);
  const label = (text: string, x: number) => {
    brush.fillStyle = palette.ink3;
    brush.font = `400 11px ${palette.sans}`;
    brush.textAlign = 'center';
    brush.textBaseline = 'middle';
    brush.fillText(text, x, axisHeight / 2);
  };
  for (const at of atMs) {
    const x = Math.round(xOf(scale, at));
    brush.fillStyle = palette.weak;
    brush.fillRect(x, axisHeight, 1, height);
    const covered = (cursorX !== null && Math.abs(cursorX - x) < 76) || Math.abs(nowX - x) < 44;
    if (!covered && x > 28 && x < scale.widthPx - 28) label(formatClock(at, digits), x);
  }
  if (nowX < 0 || nowX > scale.widthPx + 1) return;
  brush.fillStyle = palette.strong;
  brush.fillRect(Math.min(Math.round(nowX), scale.widthPx - 1), axisHeight - 6, 1, height + 6);
  if (cursorX === null || Math.abs(cursorX - nowX) > 60)
    label(staleSeconds > 0 ? 'last report' : 'now', Math.min(nowX, scale.widthPx - 14));
}

function paintSelection(brush: Brush, { scenes, scale, selected, focusedKey, nowMs }: Picture, palette: Palette): void {
  for (const { row, box } of scenes) {
    if (row.key === focusedKey) {
      brush.fillStyle = palette.ink;
      brush.fillRect(0, box.y + 2, 2, box.pitch - 4);
    }
    if (selected === null || row.key !== selected.key) continue;
    const x = Math.max(1, Math.round(xOf(scale, selected.startMs)));
    const right = Math.min(scale.widthPx - 1, Math.round(xOf(scale, selected.endMs ?? nowMs)));
    if (right < 0 || x > scale.widthPx) continue;
    brush.strokeStyle = palette.ink;
    brush.lineWidth = 1;
    brush.strokeRect(x - 0.5, box.sliceY - 2.5, Math.max(3, right - x) + 1, box.slice + 5);
  }
}

/** Under everything that carries text: no line goes through words. */
function paintCursorLine(brush: Brush, { scale, cursorMs }: Picture, height: number, palette: Palette): void {
  const x = cursorMs === null ? -1 : Math.round(xOf(scale, cursorMs)) + 0.5;
  if (x < 0 || x > scale.widthPx) return;
  brush.strokeStyle = palette.ink;
  brush.lineWidth = 1;
  brush.setLineDash([3, 3]);
  brush.beginPath();
  brush.moveTo(x, -4);
  brush.lineTo(x, height);
  brush.stroke();
  brush.setLineDash([]);
}

function paintCursorTime(brush: Brush, { scale, cursorMs }: Picture, palette: Palette): void {
  const x = cursorMs === null ? -1 : xOf(scale, cursorMs);
  if (cursorMs === null || x < 0 || x > scale.widthPx) return;
  const text = formatClock(cursorMs, scale.endMs - scale.startMs > 120_000 ? 1 : 3);
  const half = plateWidth(brush, text, palette) / 2;
  const centre = Math.min(Math.max(x, half + 2), scale.widthPx - half - 2);
  const plate = { text, x: centre, middle: axisHeight / 2, align: 'center' } as const;
  paintPlate(brush, plate, palette.raised, palette.ink, palette);
}
