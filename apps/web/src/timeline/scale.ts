/** Maps time to pixels of the plot, both ways. Milliseconds since 1970 and CSS pixels. */
export interface TimeScale {
  readonly startMs: number;
  readonly endMs: number;
  readonly widthPx: number;
}

export function xOf(scale: TimeScale, ms: number): number {
  return ((ms - scale.startMs) / (scale.endMs - scale.startMs)) * scale.widthPx;
}

export function timeAt(scale: TimeScale, x: number): number {
  return scale.startMs + (x / scale.widthPx) * (scale.endMs - scale.startMs);
}

const stepsSeconds = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  14_400, 43_200,
];

/** Smallest distance between two labels of the axis. */
const minTickPx = 88;

export interface Ticks {
  readonly stepMs: number;
  readonly atMs: readonly number[];
}

/** Round moments for the axis, so many that their labels keep clear of each other. */
export function ticksOf(scale: TimeScale): Ticks {
  const msPerPx = (scale.endMs - scale.startMs) / scale.widthPx;
  const stepMs = 1000 * (stepsSeconds.find((step) => (step * 1000) / msPerPx >= minTickPx) ?? 86_400);
  const atMs: number[] = [];
  for (let at = Math.ceil(scale.startMs / stepMs) * stepMs; at <= scale.endMs; at += stepMs) atMs.push(at);
  return { stepMs, atMs };
}
