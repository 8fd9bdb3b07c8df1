import { isGate, isRunnerPhase, phaseFacts } from '@rankscope/schema';
import type { Brush } from './brush.ts';
import type { LaneScene, RowBox } from './layout.ts';
import type { Run } from './lod.ts';
import type { Palette } from './palette.ts';

/** Widths from which a slice carries its two letters, and its whole name. */
const codeFromPx = 18;
const nameFromPx = 110;
/** Below this a hatch is noise. */
const hatchFromPx = 6;
const hatchPeriodPx = 10;
const hatchWidthPx = 2.5;
/** Height of the thin bar of a rank at rest. */
const restShare = 0.3;

export function isRest(phase: string): boolean {
  return isRunnerPhase(phase) && phaseFacts[phase].class === 'rest';
}

/** Strokes diagonals over a rectangle, counted from `anchorX`, so that they move with what they cover. */
export function strokeHatch(brush: Brush, x: number, y: number, width: number, height: number, anchorX: number): void {
  brush.save();
  brush.beginPath();
  brush.rect(x, y, width, height);
  brush.clip();
  brush.beginPath();
  const first = anchorX + Math.floor((x - height - anchorX) / hatchPeriodPx) * hatchPeriodPx;
  for (let at = first; at < x + width; at += hatchPeriodPx) {
    brush.moveTo(at, y + height);
    brush.lineTo(at + height, y);
  }
  brush.stroke();
  brush.restore();
}

function barOf(run: Run, box: RowBox): { y: number; height: number } {
  if (!isRest(run.phase)) return { y: box.sliceY, height: box.slice };
  const height = Math.max(2, Math.round(box.slice * restShare));
  return { y: box.sliceY + Math.round((box.slice - height) / 2), height };
}

function paintRun(brush: Brush, run: Run, box: RowBox, palette: Palette): void {
  const { y, height } = barOf(run, box);
  brush.fillStyle = palette.phase(run.phase);
  if (run.phase === 'error') {
    brush.fillRect(run.x - 1, y, Math.max(3, run.width + 1), height);
    return;
  }
  brush.fillRect(run.x, y, run.width, height);
  if (run.width >= hatchFromPx && isGate(run.phase)) {
    brush.strokeStyle = palette.hatch;
    brush.lineWidth = hatchWidthPx;
    strokeHatch(brush, run.x, y, run.width, height, run.anchorX);
  }
  if (run.width >= 3) {
    // A hairline at the right edge keeps two slices of one colour apart.
    brush.fillStyle = palette.panel;
    if (run.span.endMs !== null) brush.fillRect(run.x + run.width - 1, y, 1, height);
  }
  if (run.hidden > 0) {
    brush.fillStyle = palette.ink;
    brush.fillRect(run.x, y, 1, 1);
  }
}

/** An error is as wide as a hair on most lanes, so a cross on a halo says where. Painted after all else. */
export function paintErrors(brush: Brush, { runs, box }: LaneScene, palette: Palette): void {
  for (const { phase, x } of runs) {
    if (phase !== 'error') continue;
    const y = box.sliceY + 8;
    for (const [color, lineWidth] of [[palette.halo, 5] as const, [palette.plate, 2] as const]) {
      brush.strokeStyle = color;
      brush.lineWidth = lineWidth;
      brush.beginPath();
      brush.moveTo(x - 4, y - 4);
      brush.lineTo(x + 4, y + 4);
      brush.moveTo(x + 4, y - 4);
      brush.lineTo(x - 4, y + 4);
      brush.stroke();
    }
  }
}

/** Two letters or the name on a slice; on a hatch they stand on a plate. Open slices carry theirs in paint-marks. */
function paintLabel(brush: Brush, run: Run, box: RowBox, palette: Palette): void {
  if (run.width < codeFromPx || box.slice < 14 || isRest(run.phase)) return;
  const known = isRunnerPhase(run.phase);
  const name = run.width >= nameFromPx || !known;
  const text = name ? run.phase : phaseFacts[run.phase as keyof typeof phaseFacts].short;
  const textWidth = text.length * 6.7;
  if (textWidth > run.width - 4) return;
  const centre = run.x + run.width / 2;
  const middle = box.sliceY + box.slice / 2;
  if (isGate(run.phase)) {
    brush.fillStyle = palette.halo;
    brush.fillRect(Math.round(centre - textWidth / 2 - 2), Math.round(middle - 8), Math.round(textWidth + 4), 16);
    brush.fillStyle = palette.ink;
  } else brush.fillStyle = palette.inkOn(run.phase);
  brush.font = `600 11px ${palette.mono}`;
  brush.textAlign = 'center';
  brush.textBaseline = 'middle';
  brush.fillText(text, centre, middle + 0.5);
}

/** The phases of one lane, then the thin line that says when it was inside a collective. */
export function paintSlices(brush: Brush, { runs, sites, box, row }: LaneScene, palette: Palette): void {
  for (const run of runs) paintRun(brush, run, box, palette);
  for (const run of runs)
    if (run.span.endMs !== null || row.state.kind !== 'reporting') paintLabel(brush, run, box, palette);
  if (box.pitch < 40) return;
  brush.fillStyle = palette.ink3;
  for (const { x, width } of sites) brush.fillRect(x, box.sliceY + box.slice + 2, width, 2);
}
