import { type FlightWriter, openRingWriter } from '@rankscope/flight-recorder';
import type { Assignment } from '@rankscope/schema';
import { limitComputeThreads } from './config.ts';
import type { RankEngine } from './engine/engine.ts';
import { createSimulatedEngine } from './engine/simulated-engine.ts';
import { simulatedPrompter } from './engine/simulated-model.ts';
import { openPrompter, type Prompter } from './prompt.ts';

export interface OpenedEngine {
  readonly writer: FlightWriter;
  readonly engine: RankEngine;
  readonly openPrompter: () => Prompter;
}

/** Recorder and engine come together: with MLX the native core owns the ring file, without it TypeScript does. */
export async function openEngine(assignment: Assignment): Promise<OpenedEngine> {
  switch (assignment.engine) {
    case 'simulated': {
      const writer = openRingWriter(assignment.ringPath, assignment);
      return { writer, engine: createSimulatedEngine(assignment, writer), openPrompter: () => simulatedPrompter };
    }
    case 'mlx': {
      limitComputeThreads(assignment.computeThreads);
      // Loaded only here: a simulated rank runs on machines that have no MLX.
      const { openMlxEngine } = await import('./engine/mlx-engine.ts');
      return { ...openMlxEngine(assignment), openPrompter: () => openPrompter(assignment.modelDir) };
    }
  }
}
