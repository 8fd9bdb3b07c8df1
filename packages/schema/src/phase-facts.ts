/** The 22 phases in the order in which a rank may pass them. */
export const runnerPhases = [
  'created',
  'idle',
  'connect_group',
  'load_model',
  'warmup',
  'task_submission',
  'task_agreement',
  'prompt_build',
  'vision_preprocess',
  'kv_cache_lookup',
  'prefill_barrier',
  'prefill_pipeline',
  'prefill_stream',
  'decode_barrier',
  'decode_wait_first_token',
  'decode_stream',
  'parser',
  'cancel_requested',
  'cancel_observed',
  'completion',
  'error',
  'shutdown_cleanup',
] as const;

export type RunnerPhase = (typeof runnerPhases)[number];

export type PhaseFamily = 'lifecycle' | 'task' | 'prefill' | 'decode' | 'cancel' | 'end';

/**
 * What a rank does in the phase: a *gate* is nothing but waiting for peers; *bearing* is work with collectives in it;
 * *local* is work that needs nobody; *rest*, *control* and *terminal* as their names say.
 */
export type PhaseClass = 'gate' | 'bearing' | 'local' | 'rest' | 'control' | 'terminal';

export interface PhaseFacts {
  /** Number in a recorder slot. Never reused, never changed. */
  readonly code: number;
  /** One character for drawings in text. A capital waits for peers. */
  readonly mark: string;
  /** Two letters on a slice. */
  readonly short: string;
  readonly family: PhaseFamily;
  readonly class: PhaseClass;
}

/** What the house knows of each phase. A new phase does not compile until it is described. */
export const phaseFacts: Record<RunnerPhase, PhaseFacts> = {
  created: { code: 1, mark: ',', short: 'Cr', family: 'lifecycle', class: 'rest' },
  idle: { code: 2, mark: '.', short: 'Id', family: 'lifecycle', class: 'rest' },
  connect_group: { code: 3, mark: 'G', short: 'CG', family: 'lifecycle', class: 'gate' },
  load_model: { code: 4, mark: 'l', short: 'LM', family: 'lifecycle', class: 'bearing' },
  warmup: { code: 5, mark: 'w', short: 'Wu', family: 'lifecycle', class: 'bearing' },
  task_submission: { code: 6, mark: 's', short: 'Su', family: 'task', class: 'local' },
  task_agreement: { code: 7, mark: 'A', short: 'Ag', family: 'task', class: 'gate' },
  prompt_build: { code: 8, mark: 'b', short: 'Pb', family: 'task', class: 'local' },
  vision_preprocess: { code: 9, mark: 'v', short: 'Vi', family: 'task', class: 'local' },
  kv_cache_lookup: { code: 10, mark: 'k', short: 'KV', family: 'task', class: 'local' },
  prefill_barrier: { code: 11, mark: 'P', short: 'PB', family: 'prefill', class: 'gate' },
  prefill_pipeline: { code: 12, mark: 'p', short: 'PP', family: 'prefill', class: 'bearing' },
  prefill_stream: { code: 13, mark: 'f', short: 'PS', family: 'prefill', class: 'bearing' },
  decode_barrier: { code: 14, mark: 'D', short: 'DB', family: 'decode', class: 'gate' },
  decode_wait_first_token: { code: 15, mark: 't', short: 'DW', family: 'decode', class: 'bearing' },
  decode_stream: { code: 16, mark: 'd', short: 'DS', family: 'decode', class: 'bearing' },
  parser: { code: 17, mark: 'a', short: 'Pa', family: 'decode', class: 'local' },
  cancel_requested: { code: 18, mark: 'c', short: 'CR', family: 'cancel', class: 'control' },
  cancel_observed: { code: 19, mark: 'o', short: 'CO', family: 'cancel', class: 'control' },
  completion: { code: 20, mark: '!', short: 'OK', family: 'end', class: 'terminal' },
  error: { code: 21, mark: 'x', short: 'Er', family: 'end', class: 'terminal' },
  shutdown_cleanup: { code: 22, mark: 'z', short: 'SD', family: 'end', class: 'terminal' },
};

/** True for one of the 22; telemetry of newer or foreign runners may bring others, which are kept and shown as they are. */
export function isRunnerPhase(phase: string): phase is RunnerPhase {
  return Object.hasOwn(phaseFacts, phase);
}

/** Nothing but waiting for peers. An unknown phase is not known to be a gate. */
export function isGate(phase: string): boolean {
  return isRunnerPhase(phase) && phaseFacts[phase].class === 'gate';
}
