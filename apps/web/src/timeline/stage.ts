import { type Feed, nowOf } from '../live/feed.ts';
import { type Canvas, createCanvas } from './canvas.ts';
import { axisHeight, boxesOf, heightOf, layout } from './layout.ts';
import { type Picture, paint } from './paint.ts';
import type { Row } from './row.ts';
import { scaleOf, type ViewStore } from './view.ts';

export interface Stage extends Canvas {
  readonly picture: () => Picture | null;
}

export interface StageSources {
  readonly canvas: HTMLCanvasElement;
  readonly feed: Feed;
  readonly view: ViewStore;
  readonly rows: () => readonly Row[];
}

/** The lanes on their canvas, and what of them the last frame showed. */
export function createStage({ canvas, feed, view, rows }: StageSources): Stage {
  let picture: Picture | null = null;
  const painted = createCanvas({
    canvas,
    feed,
    view,
    heightPx: () => axisHeight + heightOf(boxesOf(rows())),
    paint(brush, widthPx, palette, clockMs) {
      const { nowMs, wallMs, staleSeconds } = nowOf(feed.get(), clockMs);
      const { cursorMs, selected, focusedKey, ...address } = view.get();
      const scale = scaleOf(address, wallMs, widthPx);
      picture = { scenes: layout(rows(), scale, nowMs), scale, nowMs, staleSeconds, cursorMs, selected, focusedKey };
      paint(brush, picture, palette);
    },
  });
  return { ...painted, picture: () => picture };
}
