import { formatClock } from '../format.ts';
import type { Board } from '../timeline/rows.ts';
import { describeStandoff } from './standoff.ts';

export interface StandoffPanelProps {
  readonly board: Board | null;
  readonly instanceId: string | null;
  readonly nowMs: number;
}

/** Who is where, in one sentence, when some are inside a collective and others have not come. It judges nothing. */
export function StandoffPanel({ board, instanceId, nowMs }: StandoffPanelProps) {
  const standoff = board?.standoffs.find((each) => each.instanceId === instanceId);
  if (board === null || standoff === undefined) return null;
  const sinceMs = board.generatedAtMs - standoff.seconds * 1000;
  const ranks = standoff.absent.map(({ rank }) => `rank ${rank}`).join(', ');
  return (
    <section
      aria-label="Who is not there"
      className="flex overflow-hidden rounded-md border border-strong bg-panel"
      data-testid="standoff"
    >
      <div className="w-1 shrink-0 bg-plate" />
      <div className="flex min-w-0 flex-1 flex-col gap-2 px-4 py-3">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 type-small">
          <strong className="rounded-[3px] bg-plate px-2 py-1 font-semibold text-on-plate">Not there: {ranks}</strong>
          <span className="text-ink2">
            {standoff.inside.length} {standoff.inside.length === 1 ? 'rank' : 'ranks'} inside since{' '}
            {formatClock(sinceMs, 3)} UTC
          </span>
        </div>
        <p className="type-sentence-side text-balance sm:type-sentence" data-testid="sentence">
          {describeStandoff(standoff, (nowMs - sinceMs) / 1000)}
        </p>
      </div>
    </section>
  );
}
