import { formatClock, formatSeconds } from '../format.ts';
import { useLive } from '../live/live-context.tsx';
import { rankFacts } from '../ranks/rank-facts.ts';
import type { Row } from '../timeline/row.ts';
import type { Board } from '../timeline/rows.ts';
import type { Selection } from '../timeline/view.ts';
import { type Fact, Facts } from '../ui/facts.tsx';
import { Swatch } from '../ui/swatch.tsx';
import { EntryList } from './entry-list.tsx';

export interface InspectorProps {
  readonly board: Board | null;
  readonly row: Row | null;
  readonly selected: Selection | null;
  readonly nowMs: number;
}

/** What there is to know of the selected slice and its rank. */
export function Inspector({ board, row, selected, nowMs }: InspectorProps) {
  const { feed } = useLive();
  if (board === null || row === null)
    return (
      <aside aria-label="Inspector" className="panel px-3 py-2">
        <h2 className="type-panel">Inspector</h2>
        <p className="mt-2 type-small text-ink2">Select a slice or a lane to see what was recorded there.</p>
      </aside>
    );
  const entries = (feed.get().received?.timeline.timeline ?? []).filter(({ runnerId }) => runnerId === row.runnerId);
  return (
    <aside aria-label="Inspector" className="panel flex min-w-0 flex-col self-start">
      <div className="flex h-9 items-center gap-2 px-3">
        <h2 className="type-panel">Inspector</h2>
        <span className="type-small text-ink2">
          {row.rank === null ? '' : `r${row.rank}, `}
          {row.nodeName || 'no node'}
        </span>
      </div>
      {selected !== null && selected.key === row.key && (
        <div className="border-t border-weak px-3 py-3">
          <h3 className="mb-2 flex items-center gap-2 type-small-strong">
            <Swatch phase={selected.phase} />
            {selected.phase}
          </h3>
          <Facts facts={sliceFacts(selected, nowMs)} />
        </div>
      )}
      <div className="border-t border-weak px-3 py-3">
        <h3 className="mb-2 type-small-strong">Rank</h3>
        <Facts facts={factsOf(board, row, nowMs)} />
      </div>
      <div className="border-t border-weak pt-3">
        <h3 className="mb-1 flex justify-between px-3 type-small-strong">
          Last entries <span className="font-normal text-ink2">{entries.length.toLocaleString('en')} kept</span>
        </h3>
        <EntryList entries={entries} />
      </div>
    </aside>
  );
}

function sliceFacts({ startMs, endMs }: Selection, nowMs: number): Fact[] {
  return [
    ['from', `${formatClock(startMs, 3)} UTC`],
    ['to', endMs === null ? 'still inside' : `${formatClock(endMs, 3)} UTC`],
    ['length', formatSeconds(((endMs ?? nowMs) - startMs) / 1000)],
  ];
}

function factsOf(board: Board, row: Row, nowMs: number): Fact[] {
  const facts = rankFacts(board, row, nowMs);
  const lane = row.runnerId === null ? undefined : board.lanes.get(row.runnerId);
  const told = board.analysis.runners.find(({ runnerId }) => runnerId === row.runnerId);
  const list: (Fact | null)[] = [
    row.standing.kind === 'absent'
      ? [
          'standing',
          <strong key="s" className="font-semibold">
            {row.standing.texts[0]}
          </strong>,
        ]
      : null,
    lane === undefined
      ? null
      : [
          'runner',
          <code key="r" className="break-all">
            {lane.runner.runnerId}
          </code>,
        ],
    told === undefined ? null : ['attempt', String(told.attempt)],
    facts.phase === null
      ? null
      : [
          'phase',
          <span key="p" className="flex items-center gap-2">
            <Swatch phase={facts.phase} />
            {facts.phase}
          </span>,
        ],
    lane?.runner.phaseDetail == null
      ? null
      : [
          'detail',
          <code key="d" className="break-all">
            {lane.runner.phaseDetail}
          </code>,
        ],
    ['in phase', facts.inPhase],
    ['no entry for', facts.silentFor],
    ['inside', facts.inside],
    ['process', facts.process],
    told?.secondsSinceHeartbeat == null ? null : ['heartbeat', `${formatSeconds(told.secondsSinceHeartbeat)} ago`],
    told === undefined ? null : ['recorder', `${told.dropped} lost, ${told.torn} torn`],
    lane?.runner.activeTaskId == null
      ? null
      : [
          'task',
          <code key="t" className="break-all">
            {lane.runner.activeTaskId}
          </code>,
        ],
    ['memory', `${facts.memory} (active / peak)`],
  ];
  return list.filter((fact) => fact !== null);
}
