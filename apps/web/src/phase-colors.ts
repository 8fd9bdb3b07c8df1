import { isRunnerPhase, type RunnerPhase } from '@rankscope/schema';

/** The one table from phase to colour. The values are in colors.css, once for each theme. */
export const phaseColorVars: Record<RunnerPhase, string> = {
  created: '--phase-created',
  idle: '--phase-idle',
  connect_group: '--phase-connect-group',
  load_model: '--phase-load-model',
  warmup: '--phase-warmup',
  task_submission: '--phase-task-submission',
  task_agreement: '--phase-task-agreement',
  prompt_build: '--phase-prompt-build',
  vision_preprocess: '--phase-vision-preprocess',
  kv_cache_lookup: '--phase-kv-cache-lookup',
  prefill_barrier: '--phase-prefill-barrier',
  prefill_pipeline: '--phase-prefill-pipeline',
  prefill_stream: '--phase-prefill-stream',
  decode_barrier: '--phase-decode-barrier',
  decode_wait_first_token: '--phase-decode-wait-first-token',
  decode_stream: '--phase-decode-stream',
  parser: '--phase-parser',
  cancel_requested: '--phase-cancel-requested',
  cancel_observed: '--phase-cancel-observed',
  completion: '--phase-completion',
  error: '--phase-error',
  shutdown_cleanup: '--phase-shutdown-cleanup',
};

/** A phase of a newer or foreign runner has no colour of ours: it stands in neutral ink, with its name. */
export function colorVarOf(phase: string): string {
  return isRunnerPhase(phase) ? phaseColorVars[phase] : '--border-strong';
}
