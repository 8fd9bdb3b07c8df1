import type { Feed } from '../live/feed.ts';
import { type Palette, readPalette } from './palette.ts';
import type { ViewStore } from './view.ts';

export type CanvasBrush = CanvasRenderingContext2D;

export interface Canvas {
  /** Paint at the next frame. */
  invalidate(): void;
  close(): void;
}

export interface CanvasSources {
  readonly canvas: HTMLCanvasElement;
  readonly feed: Feed;
  readonly view: ViewStore;
  readonly heightPx: () => number;
  paint(brush: CanvasBrush, widthPx: number, palette: Palette, clockMs: number): void;
}

/** With the window following, a frame is due when time has moved by half a pixel, and never more often than this. */
const fastestFrameMs = 33;
const slowestFrameMs = 200;

/** One animation frame for all canvases of the page. */
const ticks = new Set<(clockMs: number) => void>();
let frame = 0;

function onFrame(tick: (clockMs: number) => void): () => void {
  const turn = () => {
    frame = requestAnimationFrame(turn);
    const clockMs = performance.now();
    for (const each of ticks) each(clockMs);
  };
  ticks.add(tick);
  if (ticks.size === 1) frame = requestAnimationFrame(turn);
  return () => {
    ticks.delete(tick);
    if (ticks.size === 0) cancelAnimationFrame(frame);
  };
}

/** Owns a canvas: its size, its palette and when it is painted. React never sees a frame. */
export function createCanvas({ canvas, feed, view, heightPx, paint }: CanvasSources): Canvas {
  const context = canvas.getContext('2d', { alpha: false });
  let palette = readPalette(document.documentElement);
  let dirty = true;
  let paintedAt = 0;
  const calm = matchMedia('(prefers-reduced-motion: reduce)');

  const invalidate = () => {
    dirty = true;
  };
  const draw = (clockMs: number) => {
    const box = canvas.parentElement?.getBoundingClientRect();
    if (context === null || box === undefined || box.width < 1) return;
    const width = Math.floor(box.width);
    const height = heightPx();
    const ratio = window.devicePixelRatio;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(context, width, palette, clockMs);
  };
  const stopTicking = onFrame((clockMs) => {
    const { live, windowSeconds } = view.get();
    const halfPixelMs = (windowSeconds * 500) / Math.max(1, canvas.clientWidth);
    const dueMs = calm.matches ? 1000 : Math.min(slowestFrameMs, Math.max(fastestFrameMs, halfPixelMs));
    if (!dirty && !(live && clockMs - paintedAt >= dueMs)) return;
    dirty = false;
    paintedAt = clockMs;
    draw(clockMs);
  });
  const repaint = () => {
    palette = readPalette(document.documentElement);
    dirty = true;
  };

  const size = new ResizeObserver(invalidate);
  if (canvas.parentElement !== null) size.observe(canvas.parentElement);
  const theme = new MutationObserver(repaint);
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', repaint);
  document.fonts.addEventListener('loadingdone', invalidate);
  const unsubscribe = [feed.subscribe(invalidate), view.subscribe(invalidate)];
  return {
    invalidate,
    close() {
      stopTicking();
      size.disconnect();
      theme.disconnect();
      system.removeEventListener('change', repaint);
      document.fonts.removeEventListener('loadingdone', invalidate);
      for (const stop of unsubscribe) stop();
    },
  };
}
