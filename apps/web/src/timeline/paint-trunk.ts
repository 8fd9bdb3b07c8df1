import type { Brush } from './brush.ts';
import type { LaneScene } from './layout.ts';
import type { Palette } from './palette.ts';

/** One arrow says who is missed; with several missing, arrows would only be a tangle. */
export function hasTrunk(scenes: readonly LaneScene[]): boolean {
  return scenes.filter(({ row }) => row.standing.kind === 'absent').length === 1;
}

/** Those inside the collective point along one trunk at the one rank that has not entered it. */
export function paintTrunk(brush: Brush, scenes: readonly LaneScene[], nowX: number, palette: Palette): void {
  const target = scenes.find(({ row }) => row.standing.kind === 'absent');
  const inside = scenes.filter(
    ({ row, open }) => row.standing.kind === 'inside' && open !== null && nowX - open.x > 60,
  );
  if (target === undefined || inside.length === 0 || nowX < 80) return;
  const x = Math.round(nowX - 14) + 0.5;
  const bottom = target.box.sliceY + target.box.slice + 4;
  const last = Math.max(...inside.map(({ box }) => box.sliceY + box.slice / 2));
  const first = Math.min(...inside.map(({ box }) => box.sliceY + box.slice / 2));
  if (first < bottom) return;
  for (const [color, lineWidth] of [[palette.halo, 4] as const, [palette.plate, 1.5] as const]) {
    brush.strokeStyle = color;
    brush.fillStyle = color;
    brush.lineWidth = lineWidth;
    brush.beginPath();
    brush.moveTo(x, last - 10);
    brush.lineTo(x, bottom + 7);
    for (const { box } of inside) {
      const middle = box.sliceY + box.slice / 2;
      brush.moveTo(x - 20, middle);
      brush.quadraticCurveTo(x, middle, x, middle - 12);
    }
    brush.stroke();
    for (const { box } of inside) {
      brush.beginPath();
      brush.arc(x - 22, box.sliceY + box.slice / 2, lineWidth + 1, 0, 2 * Math.PI);
      brush.fill();
    }
    brush.beginPath();
    brush.moveTo(x, bottom - (lineWidth > 2 ? 2 : 0));
    brush.lineTo(x + 6, bottom + 9);
    brush.lineTo(x - 6, bottom + 9);
    brush.fill();
  }
}
