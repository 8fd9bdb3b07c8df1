import { formatClock } from '../format.ts';
import type { Brush } from '../timeline/brush.ts';
import type { Palette } from '../timeline/palette.ts';
import { fittingText, paintPlate } from '../timeline/plate.ts';
import { type TimeScale, ticksOf, xOf } from '../timeline/scale.ts';
import {
  axisOf,
  chartPitch,
  heldTexts,
  type MemoryChart,
  memorySeries,
  plotHeight,
  plotTop,
  type Step,
  stepsOf,
  yOf,
} from './chart.ts';

export interface MemoryPicture {
  readonly charts: readonly MemoryChart[];
  readonly scale: TimeScale;
  readonly nowMs: number;
  readonly cursorMs: number | null;
}

const dash: Record<(typeof memorySeries)[number], number[]> = {
  limit: [6, 3],
  peak: [1, 3],
  active: [],
  cache: [],
};
/** Dots nearer than this run together. */
const dotPitchPx = 7;

/** Memory of each rank under the lanes, on their time axis. */
export function paintMemory(
  brush: Brush & { translate(x: number, y: number): void },
  picture: MemoryPicture,
  palette: Palette,
): void {
  const { charts, scale, nowMs, cursorMs } = picture;
  const height = charts.length * chartPitch;
  brush.fillStyle = palette.panel;
  brush.fillRect(0, 0, scale.widthPx, height + 40);
  const { atMs, stepMs } = ticksOf(scale);
  for (const at of atMs) {
    const x = Math.round(xOf(scale, at));
    brush.fillStyle = palette.weak;
    brush.fillRect(x, 0, 1, height);
    brush.fillStyle = palette.ink3;
    brush.font = `400 11px ${palette.sans}`;
    brush.textAlign = 'center';
    brush.textBaseline = 'middle';
    const digits = stepMs >= 1000 ? 0 : stepMs >= 100 ? 1 : 3;
    if (x > 28 && x < scale.widthPx - 28) brush.fillText(formatClock(at, digits), x, height + 10);
  }
  for (const [at, chart] of charts.entries()) {
    brush.save();
    brush.translate(0, at * chartPitch);
    paintChart(brush, chart, scale, nowMs, palette);
    brush.restore();
  }
  const nowX = xOf(scale, nowMs);
  brush.fillStyle = palette.strong;
  if (nowX > 0 && nowX <= scale.widthPx + 1)
    brush.fillRect(Math.min(Math.round(nowX), scale.widthPx - 1), 0, 1, height);
  const x = cursorMs === null ? -1 : Math.round(xOf(scale, cursorMs)) + 0.5;
  if (x < 0 || x > scale.widthPx) return;
  brush.strokeStyle = palette.ink;
  brush.lineWidth = 1;
  brush.setLineDash([3, 3]);
  line(brush, [
    { x, y: 0 },
    { x, y: height },
  ]);
  brush.setLineDash([]);
}

function paintChart(brush: Brush, chart: MemoryChart, scale: TimeScale, nowMs: number, palette: Palette): void {
  const { topBytes, ticks } = axisOf(chart.samples);
  const bottom = plotTop + plotHeight;
  for (const { bytes } of ticks) {
    brush.fillStyle = bytes === 0 ? palette.border : palette.weak;
    brush.fillRect(0, Math.round(yOf(bytes, topBytes)), scale.widthPx, 1);
  }
  for (const series of memorySeries) {
    const steps = stepsOf(chart, series, scale, nowMs, topBytes);
    const [first] = steps;
    const last = steps.at(-1);
    if (first === undefined || last === undefined) continue;
    const color = palette[series];
    if (series === 'active') {
      brush.globalAlpha = 0.1;
      brush.fillStyle = color;
      trace(brush, [{ x: first.x, y: bottom }, ...steps, { x: last.x, y: bottom }]);
      brush.fill();
      brush.globalAlpha = 1;
    }
    brush.strokeStyle = color;
    brush.lineWidth = series === 'active' || series === 'cache' ? 1.5 : 1;
    brush.setLineDash(dash[series]);
    line(brush, steps);
    brush.setLineDash([]);
    if (series === 'active' || series === 'cache') paintDots(brush, chart, series, scale, nowMs, topBytes, color);
  }
  paintHeld(brush, chart, scale, nowMs, palette);
}

function paintDots(
  brush: Brush,
  { samples, endedMs }: MemoryChart,
  series: 'active' | 'cache',
  scale: TimeScale,
  nowMs: number,
  topBytes: number,
  color: string,
): void {
  let lastX = Number.NEGATIVE_INFINITY;
  brush.fillStyle = color;
  for (const sample of samples) {
    const bytes = sample[series];
    const x = xOf(scale, sample.ms);
    if (bytes === null || sample.ms > (endedMs ?? nowMs) || x < 0 || x > scale.widthPx || x - lastX < dotPitchPx)
      continue;
    lastX = x;
    brush.beginPath();
    brush.arc(x, yOf(bytes, topBytes), 2.25, 0, 2 * Math.PI);
    brush.fill();
  }
}

/** Where the lines leave the most room: no line runs through words. */
function paintHeld(brush: Brush, chart: MemoryChart, scale: TimeScale, nowMs: number, palette: Palette): void {
  const last = chart.samples.at(-1);
  if (last === undefined) return;
  const x = Math.max(0, xOf(scale, last.ms)) + 10;
  const text = fittingText(brush, heldTexts(chart, nowMs), Math.min(scale.widthPx, xOf(scale, nowMs)) - x - 8, palette);
  if (text === null) return;
  const { topBytes } = axisOf(chart.samples);
  const lines = memorySeries.flatMap((series) => {
    const bytes = last[series];
    return bytes === null || bytes > topBytes ? [] : [yOf(bytes, topBytes)];
  });
  const edges = [plotTop, ...lines, plotTop + plotHeight].sort((a, b) => a - b);
  const gaps = edges.slice(1).map((to, at) => ({ to, from: edges[at] ?? to }));
  const widest = gaps.reduce((best, gap) => (gap.to - gap.from > best.to - best.from ? gap : best));
  const plate = { text, x, middle: (widest.from + widest.to) / 2, align: 'left', within: scale.widthPx } as const;
  paintPlate(brush, plate, palette.panel, palette.ink2, palette);
}

function trace(brush: Brush, points: readonly Step[]): void {
  brush.beginPath();
  for (const [at, { x, y }] of points.entries()) {
    if (at === 0) brush.moveTo(x, y);
    else brush.lineTo(x, y);
  }
}

function line(brush: Brush, points: readonly Step[]): void {
  trace(brush, points);
  brush.stroke();
}
