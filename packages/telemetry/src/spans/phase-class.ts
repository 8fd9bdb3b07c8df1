import { isRunnerPhase, phaseFacts } from '@rankscope/schema';

/** Null for a phase that we do not know: it may be anything but certainly is not known to be rest. */
export function findPhaseClass(phase: string): (typeof phaseFacts)[keyof typeof phaseFacts]['class'] | null {
  return isRunnerPhase(phase) ? phaseFacts[phase].class : null;
}
