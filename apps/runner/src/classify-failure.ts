import { type FailureClass, runnerExitCodes } from '@rankscope/schema';

const classOfName: Readonly<Record<string, FailureClass>> = {
  NativeUnavailableError: 'native_unavailable',
  ModelInvalidError: 'model_invalid',
  PlanRefusedError: 'model_invalid',
  TensorPlanRefusedError: 'model_invalid',
  ConnectFailedError: 'connect_failed',
  ConnectDeadlineError: 'connect_failed',
  PeerLostError: 'peer_lost',
  CollectiveDeadlineError: 'collective_deadline',
  InjectedError: 'injected',
};

/** What an error means, by its name: the native library and the simulated engine throw the same names. */
export function classifyFailure(error: unknown, { connecting }: { readonly connecting: boolean }): FailureClass {
  if (!(error instanceof Error)) return 'internal';
  if (/out of memory|bad_alloc|insufficient memory/i.test(error.message)) return 'out_of_memory';
  const found = classOfName[error.name] ?? 'internal';
  // Before there was a group nobody can be lost out of it, and its deadline is that of connecting.
  const isOfGroup = found === 'peer_lost' || found === 'collective_deadline' || found === 'internal';
  return connecting && isOfGroup ? 'connect_failed' : found;
}

export const exitCodeOf: Record<FailureClass, number> = {
  native_unavailable: runnerExitCodes.nativeUnavailable,
  model_invalid: runnerExitCodes.modelInvalid,
  connect_failed: runnerExitCodes.connectFailed,
  peer_lost: runnerExitCodes.peerLost,
  collective_deadline: runnerExitCodes.collectiveDeadline,
  injected: runnerExitCodes.injected,
  out_of_memory: runnerExitCodes.outOfMemory,
  // These end a task and never a rank; should one do so all the same, it is our bug.
  task_deadline: runnerExitCodes.internal,
  prompt_too_long: runnerExitCodes.internal,
  bad_request: runnerExitCodes.internal,
  internal: runnerExitCodes.internal,
};
