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

interface Agreed {
  readonly token: number;
  readonly cancel: boolean;
}

/** As the native generator goes: a barrier before each chunk, one collective a token by which all hear of it. */
export async function simulatedGenerate(
  run: SimulatedRun,
  request: GenerateRequest & { readonly cachedTokens: number },
  onToken: (token: number) => void,
): Promise<Ended> {
  const tokens: number[] = [];
  if (await prefill(run, request)) return observeCancel(run, tokens);
  let agreed = await withPhase(run.writer, 'decode_wait_first_token', async () => {
    await step(run, 'decode_wait_first_token', run.model.tokenMs);
    return agree(run, 'decode_wait_first_token', simulatedToken(0, run.model));
  });
  for (;;) {
    if (agreed.cancel) return observeCancel(run, tokens);
    if (agreed.token === simulatedEos) return { finishReason: 'stop', tokens };
    tokens.push(agreed.token);
    onToken(agreed.token);
    if (tokens.length >= request.maxTokens) return { finishReason: 'length', tokens };
    await withPhase(run.writer, 'decode_stream', async () => {
      await step(run, 'decode_stream', run.model.tokenMs);
      markProgress(run, tokens.length, request.maxTokens);
    });
    agreed = await barrier(run, 'decode_barrier', simulatedToken(tokens.length, run.model));
  }
}

/** True when the ranks agreed to stop. */
async function prefill(
  run: SimulatedRun,
  request: GenerateRequest & { readonly cachedTokens: number },
): Promise<boolean> {
  const chunks = Math.ceil((request.tokens.length - request.cachedTokens) / chunkTokens);
  for (let chunk = 1; chunk <= chunks; chunk += 1) {
    if ((await barrier(run, 'prefill_barrier', 0)).cancel) return true;
    if (run.plan === 'pipeline') await withPhase(run.writer, 'prefill_pipeline', () => sleep(0));
    await withPhase(run.writer, 'prefill_stream', async () => {
      await step(run, 'prefill_stream', run.model.tokenMs);
      run.writer.record({ phase: 'prefill_stream', kind: 'mark', event: 'progress', a: chunk, b: chunks });
    });
  }
  return false;
}

/** Work, and the collectives a tensor-parallel model has inside it. */
async function step(
  { model, worldSize, collectives }: SimulatedRun,
  phase: RunnerPhase,
  workMs: number,
): Promise<void> {
  if (workMs > 0) await sleep(workMs);
  if (worldSize === 1) return;
  for (let i = 0; i < model.collectives; i += 1)
    await collectives.run({ phase, op: 'all_sum', layer: i >> 1 }, new Uint8Array(16));
}

/** A rank alone has nobody to wait for, and no barrier. */
async function barrier(run: SimulatedRun, phase: 'prefill_barrier' | 'decode_barrier', token: number): Promise<Agreed> {
  if (run.worldSize === 1) return { token, cancel: run.wantsCancel() };
  return withPhase(run.writer, phase, () => agree(run, phase, token));
}

async function agree(
  { worldSize, collectives, wantsCancel }: SimulatedRun,
  phase: RunnerPhase,
  token: number,
): Promise<Agreed> {
  const own = Buffer.alloc(5);
  own.writeUInt32LE(token, 0);
  own.writeUInt8(wantsCancel() ? 1 : 0, 4);
  const parts = worldSize === 1 ? [own] : await collectives.run({ phase, op: 'all_gather' }, own);
  // All say the same token; anybody may cancel.
  const tables = parts.map((part) => Buffer.from(part));
  return {
    token: tables[0]?.readUInt32LE(0) ?? simulatedEos,
    cancel: tables.some((table) => table.readUInt8(4) === 1),
  };
}

async function observeCancel(run: SimulatedRun, tokens: readonly number[]): Promise<Ended> {
  await withPhase(run.writer, 'cancel_observed', async () => undefined);
  return { finishReason: 'cancelled', tokens };
}

function markProgress({ writer }: SimulatedRun, done: number, total: number): void {
  if (done % progressEvery !== 0) return;
  writer.record({ phase: 'decode_stream', kind: 'mark', event: 'progress', a: done, b: total });
}
