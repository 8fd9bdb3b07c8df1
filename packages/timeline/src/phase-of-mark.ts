import { phaseFacts, runnerPhases } from '@rankscope/schema';

export const phaseOfMark: ReadonlyMap<string, string> = new Map(
  runnerPhases.map((phase) => [phaseFacts[phase].mark, phase]),
);
