import { isRunnerPhase, phaseFacts } from '@rankscope/schema';
import type { PhaseSpan } from './row.ts';
import { type TimeScale, xOf } from './scale.ts';

/** A run of pixels of one phase. `hidden` counts the phases that these pixels cannot show. */
export interface Run {
  readonly phase: string;
  readonly x: number;
  readonly width: number;
  readonly hidden: number;
  /** Left edge before it was cut at the plot's, so that a hatch moves with its slice. */
  readonly anchorX: number;
  readonly span: PhaseSpan;
}

/** An error that lasted a microsecond outranks an hour of decoding; then a cancel; the rest are equal. */
export function severityOf(phase: string): number {
  if (phase === 'error') return 2;
  return isRunnerPhase(phase) && phaseFacts[phase].family === 'cancel' ? 1 : 0;
}

/** Of two phases that fall on one pixel: severity first, then the longer, then the earlier. */
export function outranks(a: PhaseSpan, b: PhaseSpan, nowMs: number): boolean {
  const severity = severityOf(a.phase) - severityOf(b.phase);
  if (severity !== 0) return severity > 0;
  const length = (a.endMs ?? nowMs) - a.startMs - ((b.endMs ?? nowMs) - b.startMs);
  return length === 0 ? a.startMs < b.startMs : length > 0;
}

function firstEndingAfter(spans: readonly PhaseSpan[], ms: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.endMs ?? Number.POSITIVE_INFINITY) >= ms) high = middle;
    else low = middle + 1;
  }
  return low;
}

interface Pixel {
  readonly column: number;
  winner: PhaseSpan;
  contenders: number;
}

/**
 * Phase slices → whole-pixel runs. A slice that rounds to a pixel or more keeps its own run; all that round to nothing
 * on one pixel share that pixel, which shows the one that outranks the others. So what happened is at least one pixel
 * wide and the number of runs depends on pixels, not on entries.
 */
export function runsOf(spans: readonly PhaseSpan[], scale: TimeScale, nowMs: number): Run[] {
  const wide: Run[] = [];
  const narrow: Run[] = [];
  let pixel: Pixel | null = null;
  const flush = () => {
    if (pixel === null) return;
    const { column, winner, contenders } = pixel;
    narrow.push({ phase: winner.phase, x: column, width: 1, hidden: contenders - 1, anchorX: column, span: winner });
    pixel = null;
  };
  for (let at = firstEndingAfter(spans, scale.startMs); at < spans.length; at += 1) {
    const span = spans[at];
    if (span === undefined || span.startMs > scale.endMs) break;
    const left = Math.round(xOf(scale, span.startMs));
    const right = Math.round(xOf(scale, Math.max(span.startMs, span.endMs ?? nowMs)));
    if (right - left >= 1) {
      const x = Math.max(0, left);
      const width = Math.min(Math.round(scale.widthPx), right) - x;
      if (width > 0) wide.push({ phase: span.phase, x, width, hidden: 0, anchorX: left, span });
      continue;
    }
    if (left < 0 || left >= scale.widthPx) continue;
    if (pixel !== null && pixel.column !== left) flush();
    if (pixel === null) pixel = { column: left, winner: span, contenders: 1 };
    else {
      pixel.contenders += 1;
      if (outranks(span, pixel.winner, nowMs)) pixel.winner = span;
    }
  }
  flush();
  return [...wide, ...narrow];
}
