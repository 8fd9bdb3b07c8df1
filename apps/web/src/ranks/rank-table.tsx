import type { Row } from '../timeline/row.ts';
import type { Board } from '../timeline/rows.ts';
import { Panel } from '../ui/panel.tsx';
import { Swatch } from '../ui/swatch.tsx';
import { rankFacts } from './rank-facts.ts';

export interface RankTableProps {
  readonly board: Board | null;
  readonly rows: readonly Row[];
  readonly nowMs: number;
}

const columns = [
  'rank',
  'node',
  'phase',
  'in phase',
  'no new entry for',
  'inside',
  'process',
  'memory active / peak',
] as const;
const figures = new Set<string>(['in phase', 'no new entry for', 'memory active / peak']);

/** The same as the lanes, for eyes that read and for those that listen. */
export function RankTable({ board, rows, nowMs }: RankTableProps) {
  if (board === null || rows.length === 0) return null;
  const ranks = rows.filter(({ rank }) => rank !== null);
  return (
    <Panel
      title="Ranks"
      fact={`${ranks.filter(({ state }) => state.kind === 'reporting').length} of ${ranks.length} report`}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways on a narrow screen, also by keyboard */}
      <section className="overflow-x-auto" aria-label="Table of ranks" tabIndex={0}>
        <table className="w-full border-t border-weak type-small whitespace-nowrap" data-testid="ranks">
          <caption className="sr-only">Where each rank stands</caption>
          <thead>
            <tr className="h-7 text-ink3">
              {columns.map((name) => (
                <th
                  key={name}
                  scope="col"
                  className={`px-2 first:pl-3 last:pr-3 ${figures.has(name) ? 'text-right' : ''}`}
                >
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ranks.map((row) => (
              <RankRow key={row.key} row={row} board={board} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

function RankRow({ row, board, nowMs }: { readonly row: Row; readonly board: Board; readonly nowMs: number }) {
  const { rank, node, phase, inPhase, silentFor, inside, process, memory } = rankFacts(board, row, nowMs);
  const absent = row.standing.kind === 'absent';
  return (
    <tr className={`h-7 border-t border-weak ${absent ? 'bg-raised font-medium' : ''}`} data-rank={row.rank}>
      <th
        scope="row"
        className={`px-2 pl-3 font-semibold text-ink ${absent ? 'shadow-[inset_4px_0_0_var(--alarm-plate)]' : ''}`}
      >
        {rank}
      </th>
      <td className="px-2 text-ink2">{node}</td>
      <td className="px-2">
        {phase !== null && (
          <span className="flex items-center gap-2">
            <Swatch phase={phase} />
            {phase}
          </span>
        )}
      </td>
      <td className="px-2 text-right">{inPhase}</td>
      <td className="px-2 text-right">{silentFor}</td>
      <td className="px-2">{inside}</td>
      <td className="px-2 text-ink2">{process}</td>
      <td className="px-2 pr-3 text-right text-ink2">{memory}</td>
    </tr>
  );
}
