import type { RingEntry } from '@rankscope/flight-recorder';
import type { SpanEvidence } from './evidence.ts';
import type { OpenTask, PlanState } from './plan-state.ts';
import type { SpanMaker } from './span-maker.ts';

/** A rank holds some 32 commands at most; of those that have ended the newest are remembered, so that none comes twice. */
const keptCommands = 64;

/** The anchors of the rank's life, the first time. */
export function anchorAttempt(state: PlanState, make: SpanMaker): SpanEvidence[] {
  if (state.anchored) return [];
  state.anchored = true;
  return make.attemptAnchors();
}

/** The rank's anchor in a command's trace, when the first entry bears that command. */
export function anchorCommand(state: PlanState, make: SpanMaker, entry: RingEntry): SpanEvidence[] {
  const { commandId } = entry;
  if (commandId === null || state.commands.some((seen) => seen.commandId === commandId)) return [];
  state.commands.push({ commandId, ended: false });
  if (state.commands.length > keptCommands) {
    const oldestEnded = state.commands.findIndex(({ ended }) => ended);
    state.commands.splice(Math.max(0, oldestEnded), 1);
  }
  return [make.commandAnchor(commandId, entry)];
}

export function endCommand(state: PlanState, commandId: string | null): void {
  const seen = state.commands.find((one) => one.commandId === commandId);
  if (seen) seen.ended = true;
}

export function commandOfTask({ n, tMonoNs, commandId, taskId }: RingEntry): OpenTask | null {
  return commandId === null ? null : { seq: n, startNs: tMonoNs, commandId, taskId };
}
