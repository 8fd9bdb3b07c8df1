import type { Stage } from './stage.ts';
import type { ViewStore } from './view.ts';

export interface TimelineProbe {
  /** What the last frame showed: window, and every run of pixels of every lane with its place on the canvas. */
  readonly look: () => unknown;
}

declare global {
  interface Window {
    __timelineProbe?: TimelineProbe;
  }
}

/**
 * Lets a page test find the pixels of a slice, on the very build that ships: with `?probe=1` in the address, and only
 * reading what is on the canvas anyway.
 */
export function exposeProbe(stage: Stage, view: ViewStore): () => void {
  if (new URLSearchParams(window.location.search).get('probe') !== '1') return () => {};
  window.__timelineProbe = {
    look: () => {
      const picture = stage.picture();
      if (picture === null) return null;
      const lanes = picture.scenes.map(({ row, box, runs, open, gaps, unknownFromX }) => ({
        rank: row.rank,
        state: row.state.kind,
        standing: row.standing,
        box,
        open,
        gaps,
        unknownFromX,
        runs: runs.map(({ phase, x, width, hidden }) => ({ phase, x, width, hidden })),
      }));
      return { view: view.get(), scale: picture.scale, nowMs: picture.nowMs, lanes };
    },
  };
  return () => {
    delete window.__timelineProbe;
  };
}
