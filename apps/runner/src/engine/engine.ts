import type { MlxMemoryBytes } from '@rankscope/flight-recorder';
import type { Fault, RunnerPhase, Sampling, ShardPlan } from '@rankscope/schema';

/**
 * What a rank asks of its engine. MLX is behind one implementation, nothing but timers and sockets behind the other,
 * and one suite (engine.contract.ts) holds both to the same behaviour.
 *
 * An engine records its own collectives, and the phases that it knows from inside: connect_group, load_model with its
 * progress, warmup, and in `generate` those from kv_cache_lookup to decode_stream and cancel_observed. `gather` belongs
 * to the phase its caller is in. After a collective has failed every call rejects:
 * the group is never joined again in this process.
 */
export interface RankEngine {
  joinGroup(): Promise<void>;
  load(options: LoadOptions, onLayer: (done: number, total: number) => void): Promise<LoadedModel>;
  warmup(): Promise<void>;
  /** Equal-sized bytes of every rank, in rank order: what the ranks agree by. */
  gather(phase: RunnerPhase, bytes: Uint8Array): Promise<readonly Uint8Array[]>;
  /** `onToken` hears the agreed token on every rank. */
  generate(request: GenerateRequest, onToken: (token: number) => void): Promise<Generated>;
  /** Asks that the running generation end; all ranks end it in the same step. */
  cancel(): void;
  /** Breaks a stuck collective: the running call rejects with PeerLostError. */
  abort(reason: string): void;
  inject(fault: EngineFault): void;
  /** Null where there is no MLX. Answers while a call is stuck. */
  memory(): MlxMemoryBytes | null;
  close(): Promise<void>;
}

export interface LoadOptions {
  readonly dir: string;
  readonly plan: ShardPlan;
}

export interface LoadedModel {
  readonly contextLength: number;
  readonly eosTokenIds: readonly number[];
}

export interface GenerateRequest {
  readonly tokens: readonly number[];
  readonly maxTokens: number;
  readonly sampling: Sampling;
  readonly eosTokenIds: readonly number[];
}

export interface Generated {
  readonly finishReason: 'stop' | 'length' | 'cancelled';
  readonly tokens: readonly number[];
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

/** The faults that act inside a rank; the others are signals, and the plane's to send. */
export type EngineFault = Fault & { readonly kind: 'hang' | 'delay' | 'error' | 'release' };

export function isEngineFault(fault: Fault): fault is EngineFault {
  return fault.kind === 'hang' || fault.kind === 'delay' || fault.kind === 'error' || fault.kind === 'release';
}

/** Names of errors as the native library gives them; a failure is classified by name, whichever engine it came from. */
export type EngineErrorName = 'PeerLostError' | 'CollectiveDeadlineError' | 'InjectedError' | 'EngineClosedError';

export class EngineError extends Error {
  override readonly name: EngineErrorName;
  constructor(name: EngineErrorName, message: string) {
    super(message);
    this.name = name;
  }
}
