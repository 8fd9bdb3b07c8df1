import { formatSeconds } from '../format.ts';
import type { Brush } from './brush.ts';
import type { LaneScene } from './layout.ts';
import { isRest } from './paint-slices.ts';
import type { Palette } from './palette.ts';
import { fittingText, paintPlate, plateWidth } from './plate.ts';
import { type TimeScale, xOf } from './scale.ts';

const fadeShare = 0.6;
const fadeStrength = 0.55;

/** The newest slice has no end yet: it fades towards the right and says for how long it has been. */
export function paintOpen(
  brush: Brush,
  scene: LaneScene,
  nowX: number,
  nowMs: number,
  pointing: boolean,
  palette: Palette,
): void {
  const { open, box, row } = scene;
  if (open === null || nowX <= open.x) return;
  const width = nowX - open.x;
  if (!isRest(open.phase) && width >= 24) {
    const from = nowX - width * fadeShare;
    const gradient = brush.createLinearGradient(from, 0, nowX, 0);
    gradient.addColorStop(0, transparent(palette.panel));
    gradient.addColorStop(1, faded(palette.panel));
    brush.fillStyle = gradient;
    brush.fillRect(Math.round(from), box.sliceY, Math.round(nowX - from), box.slice);
  }
  if (row.standing.kind === 'absent') return;
  const middle = box.sliceY + box.slice / 2;
  const inside = row.standing.kind === 'inside' ? row.standing : null;
  const seconds = `${formatSeconds(inside === null ? open.seconds : (nowMs - inside.sinceMs) / 1000)} ▸`;
  if (box.slice < 14 || width < plateWidth(brush, seconds, palette) + 8) return;
  const right = nowX - (inside !== null && pointing ? 44 : 8);
  const left = paintPlate(
    brush,
    { text: seconds, x: right, middle, align: 'right' },
    palette.panel,
    palette.ink,
    palette,
  );
  if (isRest(open.phase)) return;
  const words = inside === null ? [open.phase] : inside.texts;
  const text = fittingText(brush, words, left - open.x - 16, palette);
  if (text !== null)
    paintPlate(brush, { text, x: open.x + 8, middle, align: 'left' }, palette.panel, palette.ink, palette);
}

/** The rank that others cannot go on without: a stroke on a halo, and a plate turned inside out. */
export function paintAbsent(
  brush: Brush,
  scene: LaneScene,
  scale: TimeScale,
  nowX: number,
  nowMs: number,
  palette: Palette,
): void {
  const { row, box } = scene;
  if (row.standing.kind !== 'absent') return;
  const sinceMs = row.standing.sinceMs ?? scale.startMs;
  const x = Math.max(2, Math.round(xOf(scale, sinceMs)));
  const width = Math.max(4, Math.min(scale.widthPx - 3, nowX) - x);
  const y = box.sliceY - 1;
  const height = box.slice + 2;
  if (nowX > 0 && x < scale.widthPx) {
    brush.strokeStyle = palette.halo;
    brush.lineWidth = 5;
    brush.strokeRect(x, y, width, height);
    brush.strokeStyle = palette.plate;
    brush.lineWidth = 2;
    brush.strokeRect(x, y, width, height);
  }
  const seconds = row.standing.sinceMs === null ? null : `${formatSeconds((nowMs - row.standing.sinceMs) / 1000)} ▸`;
  const words = fittingText(brush, row.standing.texts, width - 20, palette, true);
  const text = words ?? row.standing.texts.at(-1) ?? '';
  const [upper, lower] = [box.sliceY + box.slice / 2 - 11, box.sliceY + box.slice / 2 + 11];
  const place = words === null ? ({ x: x - 8, align: 'right' } as const) : ({ x: x + 10, align: 'left' } as const);
  paintPlate(brush, { text, ...place, middle: upper, strong: true }, palette.plate, palette.onPlate, palette);
  if (seconds !== null && width > plateWidth(brush, seconds, palette, true) + 16)
    paintPlate(
      brush,
      { text: seconds, x: x + width - 8, middle: lower, align: 'right', strong: true },
      palette.panel,
      palette.ink,
      palette,
    );
}

const transparent = (color: string) => withAlpha(color, 0);
const faded = (color: string) => withAlpha(color, fadeStrength);

function withAlpha(color: string, alpha: number): string {
  const hex = /^#(..)(..)(..)$/.exec(color);
  const parts = hex
    ? hex.slice(1).map((pair) => Number.parseInt(pair, 16))
    : (color.match(/\d+/g) ?? ['0', '0', '0']).slice(0, 3);
  return `rgba(${parts.join(', ')}, ${alpha})`;
}
