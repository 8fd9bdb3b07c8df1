import { isRunnerPhase, phaseFacts } from '@rankscope/schema';
import { rankFacts } from '../ranks/rank-facts.ts';
import { Swatch } from '../ui/swatch.tsx';
import { boxesOf } from './layout.ts';
import type { Row } from './row.ts';
import type { Board } from './rows.ts';

export interface LaneLabelsProps {
  readonly board: Board;
  readonly rows: readonly Row[];
  readonly nowMs: number;
  readonly focusedKey: string | null;
}

/** The column left of the lanes: rank, node, phase in words and for how long. */
export function LaneLabels({ board, rows, nowMs, focusedKey }: LaneLabelsProps) {
  const boxes = boxesOf(rows);
  return (
    <div aria-hidden="true">
      {rows.map((row, at) => (
        <LaneLabel
          key={row.key}
          board={board}
          row={row}
          nowMs={nowMs}
          heightPx={boxes[at]?.pitch ?? 0}
          focused={row.key === focusedKey}
        />
      ))}
    </div>
  );
}

/** On a phone there is room for two letters only. */
const shortOf = (phase: string) => (isRunnerPhase(phase) ? phaseFacts[phase].short : phase);

interface LaneLabelProps {
  readonly board: Board;
  readonly row: Row;
  readonly nowMs: number;
  readonly heightPx: number;
  readonly focused: boolean;
}

function LaneLabel({ board, row, nowMs, heightPx, focused }: LaneLabelProps) {
  const { rank, node, phase, inPhase, process } = rankFacts(board, row, nowMs);
  const absent = row.standing.kind === 'absent';
  const background = absent ? 'bg-raised shadow-[inset_4px_0_0_var(--alarm-plate)]' : focused ? 'bg-raised' : '';
  const words = row.state.kind === 'reporting' ? phase : row.state.kind === 'unreachable' ? 'unreachable' : process;
  return (
    <div
      className={`flex flex-col justify-center gap-0.5 overflow-hidden pr-2 pl-3 type-small ${background}`}
      style={{ height: heightPx }}
    >
      <div className="flex min-w-0 items-center gap-1.5">
        {row.rank !== null && <span className="font-semibold text-ink">{rank}</span>}
        <span className={`min-w-0 truncate ${row.rank === null ? 'text-warning' : 'text-ink2'}`}>{node}</span>
        {absent && (
          <span className="ml-auto shrink-0 rounded-[3px] bg-plate px-1.5 py-0.5 type-tick font-semibold text-on-plate max-sm:hidden">
            not there
          </span>
        )}
      </div>
      {heightPx >= 36 && (
        <div className="flex min-w-0 items-center gap-1.5 text-ink3">
          {phase !== null && row.state.kind === 'reporting' && <Swatch phase={phase} />}
          <span
            className={`min-w-0 truncate type-tick ${row.state.kind === 'reporting' || absent ? 'max-sm:hidden' : ''}`}
          >
            {words}
          </span>
          {absent && (
            <span className="rounded-[3px] bg-plate px-1 type-tick font-semibold text-on-plate sm:hidden">
              not there
            </span>
          )}
          {phase !== null && row.state.kind === 'reporting' && !absent && (
            <span className="type-tick sm:hidden">{shortOf(phase)}</span>
          )}
          {row.state.kind === 'reporting' && (
            <span className={`ml-auto shrink-0 type-tick ${absent ? 'max-sm:hidden' : ''}`}>{inPhase}</span>
          )}
        </div>
      )}
      {row.standing.kind === 'absent' && (
        <div className="truncate type-tick text-ink max-sm:hidden">{row.standing.texts[1]}</div>
      )}
    </div>
  );
}
