import { defaultRingSizes, type FlightWriter, type MlxMemoryBytes } from '@rankscope/flight-recorder';
import { createNativeFlightWriter, loadBinding, type NativeEngine } from '@rankscope/native';
import {
  type Assignment,
  collectiveOps,
  elementTypes,
  flightEvents,
  flightKinds,
  phaseFacts,
  runnerExitCodes,
  runnerPhases,
  slotFlags,
} from '@rankscope/schema';
import type { EngineFault, RankEngine } from './engine.ts';

/** Prompt tokens per step: few enough that a cancel is seen soon, many enough that a matrix product pays. */
const prefillChunk = 128;
const faultCodes: Record<EngineFault['kind'], number> = { release: 0, hang: 1, delay: 2, error: 3 };
const codes = {
  phases: Object.fromEntries(runnerPhases.map((phase) => [phase, phaseFacts[phase].code])),
  kinds: flightKinds,
  events: flightEvents,
  ops: collectiveOps,
  dtypes: elementTypes,
  rareFlag: slotFlags.rare,
  pointToPointFlag: slotFlags.pointToPoint,
};

/** MLX behind the addon. The core owns the ring file, and we record into it through the same recorder. */
export function openMlxEngine(assignment: Assignment): { readonly engine: RankEngine; readonly writer: FlightWriter } {
  const { ringPath, runnerId, nodeId, instanceId, modelId, bootId, attempt, rank, worldSize, deadlines } = assignment;
  const binding = loadBinding();
  const identity = { runnerId, nodeId, instanceId, modelId, bootId, attempt, rank, worldSize };
  const recorder = binding.openRecorder({ path: ringPath, ...identity, ...defaultRingSizes });
  const writer = createNativeFlightWriter(recorder, ringPath, codes);
  const native = new binding.Engine({
    recorder,
    rank,
    worldSize,
    backend: worldSize === 1 ? 'none' : 'ring',
    hosts: worldSize === 1 ? [] : assignment.hosts,
    injectAllowed: assignment.injectAllowed,
    connectMs: deadlines.connectMs,
    collectiveMs: deadlines.collectiveMs,
    exitOnCollectiveDeadline: runnerExitCodes.collectiveDeadline,
    exitOnConnectDeadline: runnerExitCodes.connectFailed,
  });
  return { writer, engine: createMlxEngine(native, () => ({ ...binding.memory(), source: 'mlx.core' })) };
}

function createMlxEngine(native: NativeEngine, memory: () => MlxMemoryBytes): RankEngine {
  return {
    async joinGroup() {
      await native.joinGroup();
    },
    async load({ dir, plan }, onLayer) {
      const { contextLength, eosTokenIds } = await native.load({ dir, plan, maxContext: null }, onLayer);
      return { contextLength, eosTokenIds };
    },
    warmup: () => native.warmup(),
    gather: (phase, bytes) => native.gather(phaseFacts[phase].code, bytes),
    async generate({ tokens, maxTokens, eosTokenIds, sampling }, onToken) {
      const { temperature, topP, topK, minP, repetitionPenalty, seed } = sampling;
      const chosen = { temperature, topP, topK, minP, repetitionPenalty, seed };
      // C++ calls this and can hand an error of ours to nobody; it is thrown here once the call has ended.
      let broken: { readonly error: unknown } | null = null;
      const hear = (token: number): void => {
        try {
          onToken(token);
        } catch (error) {
          broken ??= { error };
          native.cancel();
        }
      };
      const given = {
        tokens: Int32Array.from(tokens),
        eosTokenIds: Int32Array.from(eosTokenIds),
        maxTokens,
        prefillChunk,
        wantLogits: false,
      };
      const result = await native.generate({ ...given, ...chosen }, hear);
      rethrow(broken);
      return { ...result, tokens: [...result.tokens] };
    },
    cancel: () => native.cancel(),
    abort: (reason) => native.abort(reason),
    inject: ({ kind, at, after, delayMs }) =>
      native.inject(faultCodes[kind], at === null ? 0 : phaseFacts[at].code, after, delayMs),
    memory,
    close: () => native.close(),
  };
}

function rethrow(broken: { readonly error: unknown } | null): void {
  if (broken !== null) throw broken.error;
}
