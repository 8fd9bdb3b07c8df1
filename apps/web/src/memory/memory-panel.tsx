'use client';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { formatBytes } from '../format.ts';
import { nowOf } from '../live/feed.ts';
import { useLive } from '../live/live-context.tsx';
import { createCanvas } from '../timeline/canvas.ts';
import type { Row } from '../timeline/row.ts';
import type { Board } from '../timeline/rows.ts';
import { timeAt } from '../timeline/scale.ts';
import { scaleOf, type ViewStore } from '../timeline/view.ts';
import { Panel } from '../ui/panel.tsx';
import { axisOf, chartPitch, chartsOf, type MemoryChart, timeAxisHeight, yOf } from './chart.ts';
import { paintMemory } from './paint-memory.ts';

export interface MemoryPanelProps {
  readonly viewStore: ViewStore;
  readonly board: Board | null;
  readonly rows: readonly Row[];
}

/** What MLX holds on each rank, over the window of the lanes and at their x positions. */
export function MemoryPanel({ viewStore, board, rows }: MemoryPanelProps) {
  const { feed } = useLive();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { focusedKey } = useSyncExternalStore(viewStore.subscribe, viewStore.get, viewStore.get);
  const charts = board === null ? [] : chartsOf(rows, board.memory, focusedKey);
  const current = useRef(charts);
  const present = charts.length > 0;
  useEffect(() => {
    current.current = charts;
  });

  useEffect(() => {
    const element = canvas.current;
    if (!present || element === null) return;
    const scaleAt = (clockMs: number, widthPx: number) =>
      scaleOf(viewStore.get(), nowOf(feed.get(), clockMs).wallMs, widthPx);
    const painted = createCanvas({
      canvas: element,
      feed,
      view: viewStore,
      heightPx: () => current.current.length * chartPitch + timeAxisHeight,
      paint(brush, widthPx, palette, clockMs) {
        const { nowMs } = nowOf(feed.get(), clockMs);
        const { cursorMs } = viewStore.get();
        paintMemory(brush, { charts: current.current, scale: scaleAt(clockMs, widthPx), nowMs, cursorMs }, palette);
      },
    });
    const follow = (event: PointerEvent) => {
      if (event.pointerType !== 'mouse') return;
      const scale = scaleAt(performance.now(), element.clientWidth);
      viewStore.set({ cursorMs: timeAt(scale, event.clientX - element.getBoundingClientRect().left) });
    };
    const leave = () => viewStore.set({ cursorMs: null });
    element.addEventListener('pointermove', follow);
    element.addEventListener('pointerleave', leave);
    return () => {
      element.removeEventListener('pointermove', follow);
      element.removeEventListener('pointerleave', leave);
      painted.close();
    };
  }, [present, feed, viewStore]);

  if (board === null || rows.length === 0) return null;
  const ranks = rows.filter(({ rank }) => rank !== null).length;
  return (
    <Panel
      title="MLX memory"
      fact={present && charts.length < ranks ? `${charts.length} of ${ranks} ranks, with the selected one` : null}
      legend={present && <Legend charts={charts} />}
    >
      {present ? (
        <div className="grid grid-cols-[104px_minmax(0,1fr)] sm:grid-cols-[176px_minmax(0,1fr)]" data-testid="memory">
          <div className="border-r border-weak" aria-hidden="true">
            {charts.map((chart) => (
              <ChartLabel key={chart.row.key} chart={chart} />
            ))}
          </div>
          <div className="relative min-w-0 overflow-hidden">
            {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas without tabindex takes no focus; the table says the same */}
            <canvas ref={canvas} aria-hidden="true" className="block" />
          </div>
        </div>
      ) : (
        <p className="border-t border-weak px-3 py-3 type-small text-ink2">No rank has told what MLX holds.</p>
      )}
    </Panel>
  );
}

const marks = [
  { name: 'active', stroke: 'var(--memory-active)', dash: undefined },
  { name: 'cache', stroke: 'var(--memory-cache)', dash: undefined },
  { name: 'peak', stroke: 'var(--memory-peak)', dash: '1 2' },
  { name: 'limit', stroke: 'var(--memory-limit)', dash: '5 2' },
] as const;

function Legend({ charts }: { readonly charts: readonly MemoryChart[] }) {
  const shown = marks.filter(({ name }) =>
    charts.some(({ samples }) => samples.some((sample) => sample[name] !== null)),
  );
  return shown.map(({ name, stroke, dash }) => (
    <span key={name} className="flex items-center gap-1.5">
      <svg viewBox="0 0 14 2" width="14" height="2" aria-hidden="true">
        <path d="M0 1h14" stroke={stroke} strokeWidth="2" strokeDasharray={dash} />
      </svg>
      {name}
    </span>
  ));
}

function ChartLabel({ chart }: { readonly chart: MemoryChart }) {
  const { row, samples } = chart;
  const { ticks, topBytes } = axisOf(samples);
  const last = samples.at(-1);
  return (
    <div className="relative pt-1.5 pl-3" style={{ height: chartPitch }}>
      <div className="flex max-w-[112px] items-center gap-1.5 type-small max-sm:max-w-[44px]">
        <span className="font-semibold text-ink">r{row.rank}</span>
        <span className="min-w-0 truncate text-ink2 max-sm:hidden">{row.nodeName}</span>
      </div>
      {marks.map(({ name }) => {
        const bytes = last?.[name] ?? null;
        return bytes === null ? null : (
          <div key={name} className="mt-0.5 type-tick whitespace-nowrap text-ink3 max-sm:hidden">
            {name} <span className="text-ink2">{formatBytes(bytes)}</span>
          </div>
        );
      })}
      {ticks.map(({ bytes, text }) => (
        <span
          key={bytes}
          className="absolute right-2 -translate-y-1/2 type-tick text-ink3"
          style={{ top: yOf(bytes, topBytes) }}
        >
          {text}
        </span>
      ))}
    </div>
  );
}
