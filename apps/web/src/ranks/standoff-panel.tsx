import type { ReactNode } from 'react';
import { formatClock, formatRanks } from '../format.ts';
import type { Board } from '../timeline/rows.ts';
import { describeEndings, findEndings } from './endings.ts';
import { describeStandoff } from './standoff.ts';

export interface StandoffPanelProps {
  readonly board: Board | null;
  readonly instanceId: string | null;
  readonly nowMs: number;
}

/**
 * Who is where, in one sentence, when some are inside a collective and others have not come; and whose process ended.
 * It judges nothing.
 */
export function StandoffPanel({ board, instanceId, nowMs }: StandoffPanelProps) {
  if (board === null) return null;
  const endings = findEndings([...board.positions.values()], board.lanes, instanceId);
  const ended = endings.length === 0 ? null : describeEndings(endings, nowMs);
  const standoff = board.standoffs.find((each) => each.instanceId === instanceId);
  if (standoff === undefined) {
    if (ended === null) return null;
    const ranks = formatRanks(endings.map(({ rank }) => rank));
    return (
      <Plated
        label="Who ended"
        plate={`Ended: ${endings.length === 1 ? 'rank' : 'ranks'} ${ranks}`}
        sentence={ended}
        testId="endings"
      />
    );
  }
  const sinceMs = board.generatedAtMs - standoff.seconds * 1000;
  return (
    <Plated
      label="Who is not there"
      plate={`Not there: ${standoff.absent.map(({ rank }) => `rank ${rank}`).join(', ')}`}
      fact={`${standoff.inside.length} ${standoff.inside.length === 1 ? 'rank' : 'ranks'} inside since ${formatClock(sinceMs, 3)} UTC`}
      sentence={describeStandoff(standoff, (nowMs - sinceMs) / 1000)}
      testId="standoff"
    >
      {ended !== null && (
        <p className="text-ink2" data-testid="endings">
          {ended}
        </p>
      )}
    </Plated>
  );
}

interface PlatedProps {
  readonly label: string;
  readonly plate: string;
  readonly fact?: string;
  readonly sentence: string;
  readonly testId: string;
  readonly children?: ReactNode;
}

function Plated({ label, plate, fact, sentence, testId, children }: PlatedProps) {
  return (
    <section
      aria-label={label}
      className="flex overflow-hidden rounded-md border border-strong bg-panel"
      data-testid={testId}
    >
      <div className="w-1 shrink-0 bg-plate" />
      <div className="flex min-w-0 flex-1 flex-col gap-2 px-4 py-3">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 type-small">
          <strong className="rounded-[3px] bg-plate px-2 py-1 font-semibold text-on-plate">{plate}</strong>
          {fact !== undefined && <span className="text-ink2">{fact}</span>}
        </div>
        <p className="type-sentence-side text-balance sm:type-sentence" data-testid="sentence">
          {sentence}
        </p>
        {children}
      </div>
    </section>
  );
}
