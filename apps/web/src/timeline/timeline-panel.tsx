'use client';
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { formatClock, formatDay, formatSeconds } from '../format.ts';
import { nowOf } from '../live/feed.ts';
import { useLive } from '../live/live-context.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Panel } from '../ui/panel.tsx';
import { attachGestures } from './gestures.ts';
import { keyChange, keyHelp } from './keys.ts';
import { LaneLabels } from './lane-labels.tsx';
import { Legend } from './legend.tsx';
import { exposeProbe } from './probe.ts';
import type { Row } from './row.ts';
import type { Board } from './rows.ts';
import { createStage } from './stage.ts';
import type { ViewStore } from './view.ts';

export interface TimelinePanelProps {
  readonly viewStore: ViewStore;
  readonly board: Board | null;
  readonly rows: readonly Row[];
  readonly nowMs: number;
}

/** Lanes per rank. React keeps the frame and the labels; what moves is painted by the stage. */
export function TimelinePanel({ viewStore, board, rows, nowMs }: TimelinePanelProps) {
  const { feed } = useLive();
  const canvas = useRef<HTMLCanvasElement>(null);
  const surface = useRef<HTMLDivElement>(null);
  const rowsRef = useRef(rows);
  const [invalidate, setInvalidate] = useState<() => void>(() => () => {});
  const { focusedKey, selected } = useSyncExternalStore(viewStore.subscribe, viewStore.get, viewStore.get);
  const present = rows.length > 0;

  useEffect(() => {
    rowsRef.current = rows;
    invalidate();
  }, [rows, invalidate]);

  useEffect(() => {
    if (!present || canvas.current === null || surface.current === null) return;
    const current = () => rowsRef.current;
    const stage = createStage({ canvas: canvas.current, feed, view: viewStore, rows: current });
    const detach = attachGestures({ surface: surface.current, stage, feed, view: viewStore, rows: current });
    const hide = exposeProbe(stage, viewStore);
    setInvalidate(() => stage.invalidate);
    return () => {
      hide();
      detach();
      stage.close();
    };
  }, [present, feed, viewStore]);

  const onKeyDown = useCallback(
    (event: React.KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { wallMs } = nowOf(feed.get(), performance.now());
      const change = keyChange(event.key, { view: viewStore.get(), rows: rowsRef.current, wallMs });
      if (change === null) return;
      event.preventDefault();
      viewStore.set(change);
    },
    [feed, viewStore],
  );

  const entries = [...(board?.lanes.values() ?? [])].reduce((sum, lane) => sum + lane.slices.length, 0);
  const spoken =
    selected === null
      ? ''
      : `${rows.find(({ key }) => key === selected.key)?.nodeName ?? ''}, ${selected.phase}, from ${formatClock(selected.startMs, 3)}, ${selected.endMs === null ? 'open' : formatSeconds((selected.endMs - selected.startMs) / 1000)}`;
  return (
    <Panel title="Timeline" fact={present ? `${entries.toLocaleString('en')} slices` : null}>
      {board === null || !present ? (
        <EmptyState board={board} />
      ) : (
        // biome-ignore lint/a11y/useSemanticElements: a region that takes keys is neither a form field nor a section of text
        <div
          role="group"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys act only while it has focus
          tabIndex={0}
          aria-label="Rank timeline"
          aria-describedby="timeline-keys"
          className="grid grid-cols-[104px_minmax(0,1fr)] rounded-sm sm:grid-cols-[176px_minmax(0,1fr)]"
          onKeyDown={onKeyDown}
          data-testid="timeline"
        >
          <div className="border-r border-weak">
            <div className="flex h-[30px] items-center pl-3 type-tick text-ink3">
              UTC<span className="max-sm:hidden">, {formatDay(nowMs)}</span>
            </div>
            <LaneLabels board={board} rows={rows} nowMs={nowMs} focusedKey={focusedKey} />
          </div>
          <div ref={surface} className="relative min-w-0 touch-pan-y overflow-hidden">
            {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas without tabindex takes no focus; the table says the same */}
            <canvas ref={canvas} aria-hidden="true" className="block" />
          </div>
          <p className="sr-only" aria-live="polite">
            {spoken}
          </p>
        </div>
      )}
      <Legend />
      <div
        id="timeline-keys"
        className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-weak px-3 py-1.5 type-tick text-ink3 max-sm:hidden"
      >
        {keyHelp.map(({ keys, does }) => (
          <span key={does} className="flex items-center gap-1.5">
            {keys.map((key) => (
              <kbd key={key} className="rounded-[3px] border border-line bg-raised px-1.5 py-0.5 text-ink2">
                {key}
              </kbd>
            ))}
            {does}
          </span>
        ))}
        <span>Ctrl + wheel zooms, Shift + wheel pans</span>
        <span className="ml-auto flex items-center gap-2">
          <svg viewBox="0 0 20 2" width="20" height="2" aria-hidden="true">
            <rect width="20" height="2" fill="var(--text-3)" />
          </svg>
          inside a collective
        </span>
      </div>
    </Panel>
  );
}
