import type { RingEntry } from '@rankscope/flight-recorder';
import { nowCells } from '@rankscope/schema';
import type { OpenPhase, PlanState } from './plan-state.ts';

/** A writer whose phases nest deeper than this has forgotten to leave them. */
const maxDepth = 32;

export function enterPhase(state: PlanState, entry: RingEntry): void {
  const { n, phase, tMonoNs, commandId, taskId, text, rare } = entry;
  const stack = state.open[entry.cell] ?? [];
  stack.push({ seq: n, phase, startNs: tMonoNs, commandId, taskId, detail: text, rare, site: null, stalls: 0 });
  if (stack.length > maxDepth) stack.shift();
  state.open[entry.cell] = stack;
}

/**
 * The phases that end with this exit: the one it names, and first those inside it whose own exit never came. None where
 * the enter is unknown.
 */
export function closePhases(state: PlanState, exit: RingEntry): OpenPhase[] {
  const stack = state.open[exit.cell] ?? [];
  const at = stack.findLastIndex(({ phase }) => phase === exit.phase);
  const closed = at < 0 ? [] : stack.splice(at).reverse();
  if (stack.length === 0) delete state.open[exit.cell];
  return closed;
}

/** Whether the phase itself was left with an error; of those inside it nothing is known. */
export function isFailure(phase: OpenPhase, exit: RingEntry): boolean {
  return exit.phase === phase.phase && (exit.event === 'exception' || exit.event === 'error');
}

/** Entries were overwritten unread: what may have ended among them is not known to be open. */
export function forgetUncertain(state: PlanState): void {
  state.open = Object.fromEntries(
    Object.entries(state.open).map(([cell, stack]) => [cell, stack.filter(({ rare }) => rare)]),
  );
  state.site = null;
}

/** All open phases, of every cell, outermost first. */
export function openPhases(state: PlanState): OpenPhase[] {
  return Object.values(state.open).flat();
}

/** What the task loop is in; where it is between two phases, what another cell is in. */
export function innermost(state: PlanState): OpenPhase | null {
  return state.open[nowCells.taskLoop]?.at(-1) ?? openPhases(state).at(-1) ?? null;
}
