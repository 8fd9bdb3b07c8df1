import type { FlightWriter, MlxMemoryBytes } from '@rankscope/flight-recorder';
import { createNativeFlightWriter, loadBinding, type NativeEngine } from '@rankscope/native';
import {
  type Assignment, collectiveOps, elementTypes, flightEvents, flightKinds, phaseFacts, type RunnerPhase, runnerExitCodes, runnerPhases, slotFlags,
} from '@rankscope/schema';
import { ringSizes } from '../ring-sizes.ts';
import type { EngineFault, RankEngine } from './engine.ts';

/** Prompt tokens per step: few enough that a cancel is seen soon, many enough that a matrix product pays. */
const prefillChunk = 128;
const faultKinds: Record<EngineFault['kind'], number> = { release: 0, hang: 1, delay: 2, error: 3 };

/** MLX behind the addon. The core owns the ring file; we record into it through the same recorder. */
export function openMlxEngine(assignment: Assignment): { readonly engine: RankEngine; readonly writer: FlightWriter } {
  const { rank, worldSize, hosts, deadlines, injectAllowed } = assignment;
  const binding = loadBinding();
  const { ringPath: path, runnerId, nodeId, instanceId, modelId, bootId, attempt } = assignment;
  const recorder = binding.openRecorder({ path, runnerId, nodeId, instanceId, modelId, bootId, rank, worldSize, attempt, ...ringSizes });
  const writer = createNativeFlightWriter(recorder, codes);
  const native = new binding.Engine({
    recorder,
    rank,
    worldSize,
    backend: worldSize === 1 ? 'none' : 'ring',
    hosts: worldSize === 1 ? [] : hosts,
    injectAllowed,
    connectMs: deadlines.connectMs,
    collectiveMs: deadlines.collectiveMs,
    exitOnCollectiveDeadline: runnerExitCodes.collectiveDeadline,
    exitOnConnectDeadline: runnerExitCodes.connectFailed,
  });
  const memory = (): MlxMemoryBytes => ({ ...binding.memory(), source: 'mlx.core' });
  return { writer, engine: createMlxEngine(native, memory) };
}
