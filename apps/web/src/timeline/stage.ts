import { type Feed, nowOf } from '../live/feed.ts';
import { axisHeight, boxesOf, heightOf, layout } from './layout.ts';
import { type Picture, paint } from './paint.ts';
import { readPalette } from './palette.ts';
import type { Row } from './row.ts';
import { scaleOf, type ViewStore } from './view.ts';

export interface Stage {
  /** Paint at the next frame. */
  invalidate(): void;
  readonly picture: () => Picture | null;
  close(): void;
}

export interface StageSources {
  readonly canvas: HTMLCanvasElement;
  readonly feed: Feed;
  readonly view: ViewStore;
  readonly rows: () => readonly Row[];
}

/** With the window following, a frame is due when time has moved by half a pixel, and never more often than this. */
const fastestFrameMs = 33;
const slowestFrameMs = 200;

/** Owns the canvas: its size, its palette and the one animation frame. React never sees a frame. */
export function createStage({ canvas, feed, view, rows }: StageSources): Stage {
  const context = canvas.getContext('2d', { alpha: false });
  let palette = readPalette(document.documentElement);
  let picture: Picture | null = null;
  let dirty = true;
  let paintedAt = 0;
  let frame = 0;
  const calm = matchMedia('(prefers-reduced-motion: reduce)');

  const invalidate = () => {
    dirty = true;
  };
  const draw = (clockMs: number) => {
    const state = feed.get();
    const box = canvas.parentElement?.getBoundingClientRect();
    if (context === null || box === undefined || box.width < 1) return;
    const widthPx = Math.floor(box.width);
    const heightPx = axisHeight + heightOf(boxesOf(rows()));
    const ratio = window.devicePixelRatio;
    if (canvas.width !== Math.round(widthPx * ratio) || canvas.height !== Math.round(heightPx * ratio)) {
      canvas.width = Math.round(widthPx * ratio);
      canvas.height = Math.round(heightPx * ratio);
      canvas.style.width = `${widthPx}px`;
      canvas.style.height = `${heightPx}px`;
    }
    const { nowMs, wallMs, staleSeconds } = nowOf(state, clockMs);
    const { cursorMs, selected, focusedKey, ...address } = view.get();
    const scale = scaleOf(address, wallMs, widthPx);
    picture = { scenes: layout(rows(), scale, nowMs), scale, nowMs, staleSeconds, cursorMs, selected, focusedKey };
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(context, picture, palette);
  };
  const tick = () => {
    frame = requestAnimationFrame(tick);
    const clockMs = performance.now();
    const { live, windowSeconds } = view.get();
    const halfPixelMs = (windowSeconds * 500) / Math.max(1, canvas.clientWidth);
    const dueMs = calm.matches ? 1000 : Math.min(slowestFrameMs, Math.max(fastestFrameMs, halfPixelMs));
    if (!dirty && !(live && clockMs - paintedAt >= dueMs)) return;
    dirty = false;
    paintedAt = clockMs;
    draw(clockMs);
  };
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
  frame = requestAnimationFrame(tick);
  return {
    invalidate,
    picture: () => picture,
    close() {
      cancelAnimationFrame(frame);
      size.disconnect();
      theme.disconnect();
      system.removeEventListener('change', repaint);
      document.fonts.removeEventListener('loadingdone', invalidate);
      for (const stop of unsubscribe) stop();
    },
  };
}
