'use client';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { Inspector } from './inspector/inspector.tsx';
import { nowOf } from './live/feed.ts';
import { useBoard, useFeed } from './live/live-context.tsx';
import { MemoryPanel } from './memory/memory-panel.tsx';
import { RankTable } from './ranks/rank-table.tsx';
import { StandoffPanel } from './ranks/standoff-panel.tsx';
import { UnreachableList } from './ranks/unreachable-list.tsx';
import { rowsOfInstance } from './timeline/rows.ts';
import { TimelinePanel } from './timeline/timeline-panel.tsx';
import { createView, followAddress, type ViewStore } from './timeline/view.ts';
import { AwayBanner } from './ui/away-banner.tsx';
import { VariableBar } from './ui/variable-bar.tsx';

/** The address is known in the browser only; the exported page starts with the defaults. */
function useViewStore(): ViewStore {
  const [view] = useState(() => createView(''));
  useEffect(() => {
    view.set(createView(window.location.search).get());
    return followAddress(view, window);
  }, [view]);
  return view;
}

/** The rank looked at: the one selected, else one that is not there, else the first. */
export function TimelinePage() {
  const viewStore = useViewStore();
  const {
    windowSeconds,
    live,
    instanceId: wanted,
    focusedKey,
    selected,
  } = useSyncExternalStore(viewStore.subscribe, viewStore.get, viewStore.get);
  const { state, clockMs } = useFeed();
  const board = useBoard();
  const instanceId = board?.instances.some((each) => each.instanceId === wanted)
    ? wanted
    : (board?.instances[0]?.instanceId ?? null);
  const rows = useMemo(() => (board === null ? [] : rowsOfInstance(board, instanceId)), [board, instanceId]);
  const { nowMs, staleSeconds } = nowOf(state, clockMs);
  const shown = rows.find(({ key }) => key === (selected?.key ?? focusedKey)) ?? rows[0] ?? null;
  const away = staleSeconds > 0 && board !== null;
  return (
    <main className="pb-6">
      <h1 className="sr-only">Timeline</h1>
      <VariableBar
        viewStore={viewStore}
        instances={board?.instances ?? []}
        instanceId={instanceId}
        windowSeconds={windowSeconds}
        live={live}
      />
      <AwayBanner state={state} clockMs={clockMs} />
      <div className="grid gap-2 px-2 sm:px-3 wide:grid-cols-[minmax(0,1fr)_352px]">
        <div className={`flex min-w-0 flex-col gap-2 ${away ? 'opacity-70' : ''}`}>
          <StandoffPanel board={board} instanceId={instanceId} nowMs={nowMs} />
          <TimelinePanel viewStore={viewStore} rows={rows} nowMs={nowMs} board={board} />
          <RankTable board={board} rows={rows} nowMs={nowMs} />
          <MemoryPanel viewStore={viewStore} board={board} rows={rows} />
          <UnreachableList board={board} />
        </div>
        <Inspector board={board} row={shown} selected={selected} nowMs={nowMs} />
      </div>
    </main>
  );
}
