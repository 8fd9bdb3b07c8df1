import { type RunnerPhase as PhaseName, runnerPhases } from './phase-facts.ts';
import { z } from './zod.ts';

export const RunnerPhase = z.enum(runnerPhases).meta({ id: 'RunnerPhase' });
export type RunnerPhase = PhaseName;
