/** Why the native core cannot be used here, and the one thing that mends it. */
export class NativeUnavailableError extends Error {
  override readonly name = 'NativeUnavailableError';
  readonly code: string;
  readonly reason: string;
  readonly fix: string;

  constructor(
    status: { readonly code: string; readonly reason: string; readonly fix: string },
    options?: ErrorOptions,
  ) {
    super(`The native core is not available: ${status.reason} ${status.fix}`.trim(), options);
    this.code = status.code;
    this.reason = status.reason;
    this.fix = status.fix;
  }
}

/** What the engine threw on purpose. `code` is C++'s ErrorCode (native/engine/engine_error.h). */
export class EngineError extends Error {
  override readonly name: string = 'EngineError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A peer died, or the group was given up: this process cannot take part again. */
export class PeerLostError extends EngineError {
  override readonly name = 'PeerLostError';
}

/** A collective was open for longer than allowed; the process is about to end. */
export class CollectiveDeadlineError extends EngineError {
  override readonly name = 'CollectiveDeadlineError';
}

/** The ranks did not find each other in time; the process is about to end. */
export class ConnectDeadlineError extends EngineError {
  override readonly name = 'ConnectDeadlineError';
}

export class ConnectFailedError extends EngineError {
  override readonly name = 'ConnectFailedError';
}

/** A file of the model is missing, damaged, or of a kind this engine does not know. */
export class ModelInvalidError extends EngineError {
  override readonly name = 'ModelInvalidError';
}

/** The model cannot be split over this many ranks; the message says over how many it can. */
export class PlanRefusedError extends EngineError {
  override readonly name: string = 'PlanRefusedError';
}

export class TensorPlanRefusedError extends PlanRefusedError {
  override readonly name = 'TensorPlanRefusedError';
}

export class PromptTooLongError extends EngineError {
  override readonly name = 'PromptTooLongError';
}

export class InjectedError extends EngineError {
  override readonly name = 'InjectedError';
}

export class EngineClosedError extends EngineError {
  override readonly name = 'EngineClosedError';
}

/** A call before the one it needs, or while another one runs. */
export class EngineCallOrderError extends EngineError {
  override readonly name = 'EngineCallOrderError';
}

export class EngineArgumentError extends EngineError {
  override readonly name = 'EngineArgumentError';
}

type EngineErrorClass = new (code: string, message: string, options?: ErrorOptions) => EngineError;

const classes: Readonly<Record<string, EngineErrorClass>> = {
  peer_lost: PeerLostError,
  collective_deadline: CollectiveDeadlineError,
  connect_deadline: ConnectDeadlineError,
  connect_failed: ConnectFailedError,
  model_invalid: ModelInvalidError,
  plan_refused: PlanRefusedError,
  tensor_plan_refused: TensorPlanRefusedError,
  prompt_too_long: PromptTooLongError,
  injected: InjectedError,
  closed: EngineClosedError,
  busy: EngineCallOrderError,
  not_ready: EngineCallOrderError,
  invalid_argument: EngineArgumentError,
  internal: EngineError,
};

/** Gives what the addon threw its class back. What carries no code of ours (a TypeError) stays as it is. */
export function nameNativeError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  const Class = classes[error.code];
  return Class === undefined ? error : new Class(error.code, error.message, { cause: error });
}
