import { setTimeout as sleep } from 'node:timers/promises';
import { type FlightWriter, withPhase } from '@rankscope/flight-recorder';
import type { Assignment } from '@rankscope/schema';
import { EngineError, type GenerateRequest, type RankEngine } from './engine.ts';
import { type Collectives, createCollectives } from './simulated-collectives.ts';
import { createSimulatedFaults } from './simulated-faults.ts';
import { simulatedGenerate } from './simulated-generate.ts';
import { joinSimulatedGroup, type SimulatedGroup } from './simulated-group.ts';
import { parseSimulatedModel } from './simulated-model.ts';

/**
 * An engine without MLX: real ranks, real sockets, real waiting, the same phases and the same failures; only the model
 * is a fixed sentence at a given pace. Diagnosis cannot tell it from the other, which is its purpose.
 */
export function createSimulatedEngine(assignment: Assignment, writer: FlightWriter): RankEngine {
  const { rank, worldSize, hosts, deadlines, plan } = assignment;
  const model = parseSimulatedModel(assignment.modelDir);
  const faults = createSimulatedFaults(writer);
  const state = { cancelAsked: false };
  let group: SimulatedGroup | null = null;
  let collectives: Collectives | null = null;
  let lastPrompt: readonly number[] = [];

  const joined = (): Collectives => {
    if (collectives === null)
      throw new EngineError('EngineClosedError', 'the group was not joined, or the engine is closed');
    return collectives;
  };
  const breakUp = (error: EngineError): void => {
    group?.break(error);
    faults.release();
  };

  return {
    async joinGroup() {
      group = await withPhase(writer, 'connect_group', () =>
        joinSimulatedGroup({ rank, worldSize, hosts, connectMs: deadlines.connectMs }),
      );
      collectives = createCollectives({ writer, faults, group, collectiveMs: deadlines.collectiveMs });
    },
    async load(_options, onLayer) {
      await withPhase(writer, 'load_model', async () => {
        for (let layer = 1; layer <= model.layers; layer += 1) {
          await sleep(model.layerMs);
          writer.record({ phase: 'load_model', kind: 'mark', event: 'progress', a: layer, b: model.layers });
          onLayer(layer, model.layers);
        }
      });
      return { contextLength: model.contextLength, eosTokenIds: [] };
    },
    async warmup() {
      await withPhase(writer, 'warmup', async () => {
        if (worldSize > 1) await joined().run({ phase: 'warmup', op: 'all_sum' }, new Uint8Array(4));
      });
    },
    async gather(phase, bytes) {
      return worldSize === 1 ? [bytes] : joined().run({ phase, op: 'all_gather' }, bytes);
    },
    async generate(request: GenerateRequest, onToken) {
      state.cancelAsked = false;
      const cachedTokens = await withPhase(writer, 'kv_cache_lookup', async () => {
        const shared = sharedPrefix(lastPrompt, request.tokens);
        const event = shared > 0 ? 'cache_hit' : 'cache_miss';
        writer.record({ phase: 'kv_cache_lookup', kind: 'mark', event, a: shared, b: request.tokens.length });
        return shared;
      });
      lastPrompt = request.tokens;
      const run = { writer, model, plan, worldSize, collectives: joined(), wantsCancel: () => state.cancelAsked };
      const ended = await simulatedGenerate(run, { ...request, cachedTokens }, onToken);
      return { ...ended, promptTokens: request.tokens.length, cachedTokens };
    },
    cancel: () => {
      state.cancelAsked = true;
    },
    abort: (reason) => breakUp(new EngineError('PeerLostError', `aborted: ${reason}`)),
    inject: (fault) => faults.arm(fault),
    memory: () => null,
    async close() {
      breakUp(new EngineError('EngineClosedError', 'the engine was closed'));
      collectives = null;
    },
  };
}

function sharedPrefix(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  // The last token is always computed: its logits are what is sampled from.
  while (length < Math.min(a.length, b.length - 1) && a[length] === b[length]) length += 1;
  return length;
}
