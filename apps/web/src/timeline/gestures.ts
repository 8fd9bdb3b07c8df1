import { type Feed, nowOf } from '../live/feed.ts';
import { hitAt } from './hit.ts';
import type { Row } from './row.ts';
import { timeAt } from './scale.ts';
import type { Stage } from './stage.ts';
import { panned, type ViewStore, zoomed } from './view.ts';

export interface GestureTargets {
  readonly surface: HTMLElement;
  readonly stage: Stage;
  readonly feed: Feed;
  readonly view: ViewStore;
  readonly rows: () => readonly Row[];
}

/** Below this a press that moved is still a click. */
const dragFromPx = 4;

/** Mouse and touch over the lanes: Ctrl + wheel zooms, Shift + wheel and Shift + drag pan, a click selects. */
export function attachGestures({ surface, stage, feed, view, rows }: GestureTargets): () => void {
  const wallMs = () => nowOf(feed.get(), performance.now()).wallMs;
  let drag: { x: number; moved: boolean; pans: boolean } | null = null;
  const pointOf = (event: MouseEvent) => {
    const box = surface.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const onWheel = (event: WheelEvent) => {
    const scale = stage.picture()?.scale;
    if (scale === undefined) return;
    const sideways = event.shiftKey ? event.deltaX + event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      view.set(zoomed(view.get(), wallMs(), event.deltaY > 0 ? 1.25 : 0.8, timeAt(scale, pointOf(event).x)));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      view.set(panned(view.get(), wallMs(), (sideways / scale.widthPx) * (scale.endMs - scale.startMs)));
    }
  };
  const onMove = (event: PointerEvent) => {
    const scale = stage.picture()?.scale;
    if (scale === undefined) return;
    const { x } = pointOf(event);
    if (drag !== null && (drag.moved || Math.abs(x - drag.x) > dragFromPx) && drag.pans) {
      const deltaMs = ((drag.x - x) / scale.widthPx) * (scale.endMs - scale.startMs);
      drag = { ...drag, x, moved: true };
      view.set({ ...panned(view.get(), wallMs(), deltaMs), cursorMs: null });
    } else if (event.pointerType === 'mouse') view.set({ cursorMs: timeAt(scale, x) });
  };
  const onDown = (event: PointerEvent) => {
    drag = { x: pointOf(event).x, moved: false, pans: event.shiftKey || event.pointerType === 'touch' };
  };
  const onUp = (event: PointerEvent) => {
    const picture = stage.picture();
    if (drag !== null && !drag.moved && picture !== null) {
      const { x, y } = pointOf(event);
      const hit = hitAt(rows(), picture.scale, picture.nowMs, x, y);
      if (hit !== null)
        view.set({ focusedKey: hit.row.key, selected: hit.span === null ? null : { key: hit.row.key, ...hit.span } });
    }
    drag = null;
  };
  const onLeave = () => {
    drag = null;
    view.set({ cursorMs: null });
  };
  surface.addEventListener('wheel', onWheel, { passive: false });
  surface.addEventListener('pointermove', onMove);
  surface.addEventListener('pointerdown', onDown);
  surface.addEventListener('pointerup', onUp);
  surface.addEventListener('pointerleave', onLeave);
  surface.addEventListener('pointercancel', onLeave);
  return () => {
    surface.removeEventListener('wheel', onWheel);
    surface.removeEventListener('pointermove', onMove);
    surface.removeEventListener('pointerdown', onDown);
    surface.removeEventListener('pointerup', onUp);
    surface.removeEventListener('pointerleave', onLeave);
    surface.removeEventListener('pointercancel', onLeave);
  };
}
