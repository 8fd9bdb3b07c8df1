import { formatBytes } from '../format.ts';
import type { Row } from '../timeline/row.ts';
import { type TimeScale, xOf } from '../timeline/scale.ts';
import type { MemorySample } from './samples.ts';

/** Charts for more ranks than these would be a wall: then the ranks not there and the one looked at are shown. */
export const maxCharts = 4;
export const chartPitch = 84;
export const plotTop = 10;
export const plotHeight = 60;
/** Time of day under the last chart. */
export const timeAxisHeight = 24;

/** Without a new snapshot for so long, it is said that the line only repeats the last one. */
const heldFromSeconds = 5;
/** A limit that is this many times what is used would press the line flat: it stands in words only. */
const limitInSight = 3;

export const memorySeries = ['limit', 'peak', 'active', 'cache'] as const;
export type MemorySeries = (typeof memorySeries)[number];

export interface MemoryChart {
  readonly row: Row;
  readonly samples: readonly MemorySample[];
  /** When the rank ended; nothing is held beyond it. */
  readonly endedMs: number | null;
}

/** Which ranks get a chart, in the order of the lanes. */
export function chartsOf(
  rows: readonly Row[],
  memory: ReadonlyMap<string, readonly MemorySample[]>,
  focusedKey: string | null,
): MemoryChart[] {
  const told = rows.filter(({ runnerId }) => runnerId !== null && (memory.get(runnerId)?.length ?? 0) > 0);
  const weight = ({ key, standing }: Row) => (key === focusedKey ? 2 : Number(standing.kind === 'absent'));
  const chosen = new Set(told.toSorted((a, b) => weight(b) - weight(a)).slice(0, maxCharts));
  return told
    .filter((row) => chosen.has(row))
    .map((row) => ({
      row,
      samples: memory.get(row.runnerId ?? '') ?? [],
      endedMs: row.state.kind === 'ended' ? row.state.atMs : null,
    }));
}

export interface Axis {
  readonly topBytes: number;
  readonly ticks: readonly { readonly bytes: number; readonly text: string }[];
}

/** Round sizes from nothing to above the largest; only the highest carries its unit. */
export function axisOf(samples: readonly MemorySample[]): Axis {
  const used = Math.max(1, ...samples.flatMap(({ active, cache, peak }) => [active ?? 0, cache ?? 0, peak ?? 0]));
  const limit = Math.max(0, ...samples.map((sample) => sample.limit ?? 0));
  const largest = limit <= used * limitInSight ? Math.max(used, limit) : used;
  const magnitude = 10 ** Math.floor(Math.log10(largest / 3));
  const step = ([1, 2, 5].find((factor) => factor * magnitude * 3 >= largest) ?? 10) * magnitude;
  const count = Math.ceil(largest / step);
  const unit = 1000 ** Math.floor(Math.log10(count * step) / 3);
  const ticks = Array.from({ length: count + 1 }, (_, at) => {
    const bytes = at * step;
    const top = at === count;
    return { bytes, text: top ? formatBytes(bytes).replace('.0 ', ' ') : String(Math.round((bytes / unit) * 10) / 10) };
  });
  return { topBytes: count * step, ticks };
}

export interface Step {
  readonly x: number;
  readonly y: number;
}

/** Corners of the steps of one series inside the window: a value holds until the next snapshot, or until now. */
export function stepsOf(
  { samples, endedMs }: MemoryChart,
  series: MemorySeries,
  scale: TimeScale,
  nowMs: number,
  topBytes: number,
): Step[] {
  const untilMs = Math.min(endedMs ?? nowMs, nowMs, scale.endMs);
  const first = Math.max(
    0,
    samples.findLastIndex(({ ms }) => ms <= scale.startMs),
  );
  const steps: Step[] = [];
  for (const sample of samples.slice(first)) {
    const bytes = sample[series];
    if (sample.ms > untilMs || bytes === null || bytes > topBytes) continue;
    const x = Math.max(0, xOf(scale, sample.ms));
    const y = yOf(bytes, topBytes);
    const before = steps.at(-1);
    if (before !== undefined) steps.push({ x, y: before.y });
    steps.push({ x, y });
  }
  const last = steps.at(-1);
  if (last !== undefined) steps.push({ x: Math.max(last.x, xOf(scale, untilMs)), y: last.y });
  return steps;
}

export function yOf(bytes: number, topBytes: number): number {
  return plotTop + plotHeight * (1 - bytes / topBytes);
}

/** `no snapshot for 43 s: the last values are held`, and shorter; nothing while snapshots come. */
export function heldTexts({ samples, endedMs }: MemoryChart, nowMs: number): string[] {
  const last = samples.at(-1);
  const seconds = last === undefined ? 0 : Math.floor((nowMs - last.ms) / 1000);
  if (endedMs !== null || seconds < heldFromSeconds) return [];
  return [`no snapshot for ${seconds} s: the last values are held`, `no snapshot for ${seconds} s`, 'held'];
}
