import { isRunnerPhase, type RunnerPhase } from '@rankscope/schema';

/** Seconds without progress below which a phase is never called stuck; null: for ever. */
const floors: Record<RunnerPhase, number | null> = {
  created: 30,
  idle: null,
  connect_group: 10,
  load_model: 60,
  warmup: 30,
  task_submission: 2,
  task_agreement: 2,
  prompt_build: 5,
  vision_preprocess: 10,
  kv_cache_lookup: 2,
  prefill_barrier: 2,
  prefill_pipeline: 10,
  prefill_stream: 10,
  decode_barrier: 2,
  decode_wait_first_token: 5,
  decode_stream: 2,
  parser: 5,
  cancel_requested: 2,
  cancel_observed: 2,
  completion: null,
  error: null,
  shutdown_cleanup: 30,
};

/** A phase of a foreign runtime: nobody knows how long it may take. */
const unknownPhaseFloor = 10;

/** In seconds; null where waiting is what the phase is for. */
export function floorOf(phase: string): number | null {
  return isRunnerPhase(phase) ? floors[phase] : unknownPhaseFloor;
}

/** What a rank must have been through before it may enter the phase, within one task. */
export const gateOrder: readonly string[] = ['task_agreement', 'prefill_barrier', 'decode_barrier'];
