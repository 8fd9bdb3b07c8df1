import { setTimeout as sleep } from 'node:timers/promises';
import { type FlightWriter, withPhase } from '@rankscope/flight-recorder';
import type { RunnerPhase, ShardPlan } from '@rankscope/schema';
import type { Generated, GenerateRequest } from './engine.ts';
import type { Collectives } from './simulated-collectives.ts';
import { type SimulatedModel, simulatedEos, simulatedToken } from './simulated-model.ts';

export interface SimulatedRun {
  readonly writer: FlightWriter;
  readonly model: SimulatedModel;
  readonly plan: ShardPlan;
  readonly worldSize: number;
  readonly collectives: Collectives;
  readonly wantsCancel: () => boolean;
}

const chunkTokens = 64;
const progressEvery = 16;

type Ended = Pick<Generated, 'finishReason' | 'tokens'>;

/** Prefill by chunks, then a token a step; a barrier after each tells who wants it to end. */
export async function simulatedGenerate(
  run: SimulatedRun,
  request: GenerateRequest & { readonly cachedTokens: number },
  onToken: (token: number) => void,
): Promise<Ended> {
  if (await prefill(run, request)) return observeCancel(run, []);
  const tokens: number[] = [];
  while (tokens.length < request.maxTokens) {
    const phase = tokens.length === 0 ? 'decode_wait_first_token' : 'decode_stream';
    const own = await withPhase(run.writer, phase, async () => {
      await step(run, phase, run.model.tokenMs);
      markProgress(run, tokens.length + 1, request.maxTokens);
      return simulatedToken(tokens.length, run.model);
    });
    const agreed = await barrier(run, 'decode_barrier', own);
    if (agreed.token === simulatedEos) return { finishReason: 'stop', tokens };
    tokens.push(agreed.token);
    onToken(agreed.token);
    if (agreed.cancel) return observeCancel(run, tokens);
  }
  return { finishReason: 'length', tokens };
}

/** True when the ranks agreed to stop. */
async function prefill(run: SimulatedRun, request: GenerateRequest & { readonly cachedTokens: number }): Promise<boolean> {
  const phase = run.plan === 'pipeline' ? 'prefill_pipeline' : 'prefill_stream';
  const chunks = Math.ceil((request.tokens.length - request.cachedTokens) / chunkTokens);
  for (let chunk = 1; chunk <= chunks; chunk += 1) {
    await withPhase(run.writer, phase, async () => {
      await step(run, phase, run.model.tokenMs);
      run.writer.record({ phase, kind: 'mark', event: 'progress', a: chunk, b: chunks });
    });
    if ((await barrier(run, 'prefill_barrier', 0)).cancel) return true;
  }
  return false;
}

/** Work, and the collectives a tensor-parallel model has inside it. */
async function step({ model, worldSize, collectives }: SimulatedRun, phase: RunnerPhase, workMs: number): Promise<void> {
  if (workMs > 0) await sleep(workMs);
  if (worldSize === 1) return;
  for (let i = 0; i < model.collectives; i += 1) await collectives.run({ phase, op: 'all_sum', layer: i >> 1 }, new Uint8Array(16));
}

async function barrier(run: SimulatedRun, phase: 'prefill_barrier' | 'decode_barrier', token: number) {
  return withPhase(run.writer, phase, async () => {
    const own = Buffer.alloc(5);
    own.writeUInt32LE(token, 0);
    own.writeUInt8(run.wantsCancel() ? 1 : 0, 4);
    const parts = run.worldSize === 1 ? [own] : await run.collectives.run({ phase, op: 'all_gather' }, own);
    // Rank 0 samples; anybody may cancel.
    const tables = parts.map((part) => Buffer.from(part));
    return { token: tables[0]?.readUInt32LE(0) ?? simulatedEos, cancel: tables.some((table) => table.readUInt8(4) === 1) };
  });
}

async function observeCancel(run: SimulatedRun, tokens: readonly number[]): Promise<Ended> {
  await withPhase(run.writer, 'cancel_observed', async () => undefined);
  return { finishReason: 'cancelled', tokens };
}

function markProgress({ writer }: SimulatedRun, done: number, total: number): void {
  if (done % progressEvery !== 0) return;
  writer.record({ phase: 'decode_stream', kind: 'mark', event: 'progress', a: done, b: total });
}
