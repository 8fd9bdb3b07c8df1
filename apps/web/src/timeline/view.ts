import { type Address, formatAddress, parseAddress, windowLimits } from '../address.ts';
import { createStore, type Store } from '../store.ts';
import type { TimeScale } from './scale.ts';

/** Room to the right of "now", as a share of the window. */
export const roomAfterNow = 0.012;

export interface Selection {
  readonly key: string;
  readonly phase: string;
  readonly startMs: number;
  readonly endMs: number | null;
}

/** What is on screen. Range and instance are in the address; cursor and selection are the moment's. */
export interface View extends Address {
  readonly cursorMs: number | null;
  readonly focusedKey: string | null;
  readonly selected: Selection | null;
}

export type ViewStore = Store<View>;

export function createView(search: string): ViewStore {
  return createStore<View>({ ...parseAddress(search), cursorMs: null, focusedKey: null, selected: null });
}

/** The window as a scale. `wallMs` is the present. */
export function scaleOf({ windowSeconds, live, toMs }: Address, wallMs: number, widthPx: number): TimeScale {
  const spanMs = windowSeconds * 1000;
  const endMs = live || toMs === null ? wallMs + spanMs * roomAfterNow : toMs;
  return { startMs: endMs - spanMs, endMs, widthPx };
}

const clampSeconds = (seconds: number) =>
  Math.min(windowLimits.maxSeconds, Math.max(windowLimits.minSeconds, Math.round(seconds)));

/** Zooms about a moment, which stays where it is. Following goes on when that moment is the present. */
export function zoomed(view: Address, wallMs: number, factor: number, aboutMs: number | null): Partial<View> {
  const wanted = view.windowSeconds * factor;
  const windowSeconds = clampSeconds(
    factor > 1 ? Math.max(wanted, view.windowSeconds + 1) : Math.min(wanted, view.windowSeconds - 1),
  );
  if (view.live && aboutMs === null) return { windowSeconds };
  const { startMs, endMs } = scaleOf(view, wallMs, 1);
  const about = aboutMs ?? (startMs + endMs) / 2;
  const toMs = about + (endMs - about) * (windowSeconds / view.windowSeconds);
  return view.live && toMs >= wallMs ? { windowSeconds } : { windowSeconds, live: false, toMs };
}

/** Moves the window. Back pauses; forward past the present follows again. */
export function panned(view: Address, wallMs: number, deltaMs: number): Partial<View> {
  const { endMs } = scaleOf(view, wallMs, 1);
  const toMs = endMs + deltaMs;
  if (deltaMs > 0 && toMs >= wallMs) return followed();
  return view.live && deltaMs > 0 ? {} : { live: false, toMs };
}

export const followed = (): Partial<View> => ({ live: true, toMs: null });

/** Everything there is, ending at the present. */
export function fitted(firstMs: number, wallMs: number): Partial<View> {
  return { windowSeconds: clampSeconds(((wallMs - firstMs) / 1000) * 1.03 + 1), live: true, toMs: null };
}

/** Keeps the address bar with the view: replaced while moving, so that Back leaves the page. */
export function followAddress(view: ViewStore, target: Window): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = () => {
    const search = formatAddress(view.get(), target.location.search);
    if (search !== target.location.search)
      target.history.replaceState(target.history.state, '', `${target.location.pathname}${search}`);
  };
  const unsubscribe = view.subscribe(() => {
    clearTimeout(timer);
    timer = setTimeout(write, 250);
  });
  return () => {
    clearTimeout(timer);
    unsubscribe();
  };
}
