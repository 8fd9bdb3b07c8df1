import { formatSeconds } from '../format.ts';
import type { Brush } from './brush.ts';
import type { LaneScene } from './layout.ts';
import { strokeHatch } from './paint-slices.ts';
import type { Palette } from './palette.ts';
import { fittingText, paintPlate } from './plate.ts';

/** Stretches of which nothing is known look like no phase at all, and say in words what they are. */
export function paintStates(
  brush: Brush,
  scene: LaneScene,
  widthPx: number,
  staleSeconds: number,
  palette: Palette,
): void {
  const { box, gaps, row, unknownFromX } = scene;
  for (const gap of gaps) {
    brush.fillStyle = palette.panel;
    brush.fillRect(gap.x, box.sliceY, gap.width, box.slice);
    strokeDashed(brush, gap.x, box.sliceY, gap.width, box.slice, palette.ink3);
    const text = fittingText(brush, [`${formatSeconds(gap.seconds)} not recorded`, 'gap'], gap.width - 4, palette);
    if (text !== null)
      paintPlate(
        brush,
        { text, x: gap.x + gap.width / 2, middle: box.sliceY + box.slice / 2, align: 'center' },
        palette.panel,
        palette.ink2,
        palette,
      );
  }
  if (unknownFromX === null || unknownFromX >= widthPx) return;
  const width = widthPx - unknownFromX;
  const middle = box.sliceY + box.slice / 2;
  // On the tall lane of a rank that is not there, the upper half is for saying so.
  const line = row.standing.kind === 'absent' ? middle + 11 : middle;
  const room = row.standing.kind === 'absent' ? width - 100 : Number.POSITIVE_INFINITY;
  const say = (text: string, ink: string) =>
    fittingText(brush, [text], room, palette) !== null &&
    paintPlate(
      brush,
      { text, x: unknownFromX + 10, middle: line, align: 'left', within: widthPx },
      palette.panel,
      ink,
      palette,
    );
  switch (row.state.kind) {
    case 'unreachable':
      brush.fillStyle = palette.sunken;
      brush.fillRect(unknownFromX, box.sliceY, width, box.slice);
      brush.strokeStyle = palette.strong;
      brush.lineWidth = 1;
      strokeHatch(brush, unknownFromX, box.sliceY, width, box.slice, unknownFromX);
      say(`unreachable: ${row.state.error}`, palette.warning);
      break;
    case 'never_reported':
      strokeDashed(brush, unknownFromX, box.sliceY, width, box.slice, palette.ink3);
      if (row.standing.kind !== 'absent') say(`rank ${row.rank ?? ''} never reported`, palette.ink2);
      break;
    case 'ended':
      paintChecker(brush, unknownFromX, box.sliceY, width, box.slice, palette);
      say(row.state.reason, palette.ink);
      break;
    case 'reporting':
      strokeDashed(brush, unknownFromX, box.sliceY, width, box.slice, palette.ink3);
      if (staleSeconds >= 1.5) say(`no data for ${formatSeconds(staleSeconds)}`, palette.ink2);
      break;
  }
}

function strokeDashed(brush: Brush, x: number, y: number, width: number, height: number, color: string): void {
  brush.strokeStyle = color;
  brush.lineWidth = 1;
  brush.setLineDash([2, 3]);
  brush.strokeRect(x + 0.5, y + 0.5, Math.max(0, width - 1), height - 1);
  brush.setLineDash([]);
}

function paintChecker(brush: Brush, x: number, y: number, width: number, height: number, palette: Palette): void {
  const size = 4;
  brush.fillStyle = palette.sunken;
  brush.fillRect(x, y, width, height);
  brush.fillStyle = palette.border;
  brush.beginPath();
  for (let row = 0; row * size < height; row += 1)
    for (let column = row % 2; column * size < width; column += 2)
      brush.rect(
        x + column * size,
        y + row * size,
        Math.min(size, width - column * size),
        Math.min(size, height - row * size),
      );
  brush.fill();
}
