import type { FlightWriter } from '@rankscope/flight-recorder';
import type { FlightEvent, RunnerPhase } from '@rankscope/schema';

/** Not the task loop's (0), not the engine's (1), not the parser's (2): what comes from outside while these work. */
export const outsideCell = 3;

/**
 * A phase that has begun and ended with this call. It stands in a cell of its own, because it comes while the task loop
 * is in another phase, which goes on.
 */
export function recordMoment(
  writer: FlightWriter,
  phase: RunnerPhase,
  { event, detail }: { event: FlightEvent; detail?: string },
): void {
  const text = detail === undefined ? {} : { detail };
  writer.record({ phase, kind: 'enter', event, cell: outsideCell, rare: true, ...text });
  writer.record({ phase, kind: 'exit', event: 'exit', cell: outsideCell, rare: true });
}
