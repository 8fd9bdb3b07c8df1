import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { Clock, Log } from '@rankscope/daemon';
import { z } from 'zod';
import type { Config } from './config.ts';
import { findDiskShortage, readFreeBytes } from './node/supervise/disk-room.ts';
import { endLeftovers } from './node/supervise/end-leftovers.ts';
import { findMisfit, type ModelSizes } from './node/supervise/find-misfit.ts';
import { findFreePorts } from './node/supervise/free-ports.ts';
import { type Instance, superviseInstance } from './node/supervise/instance.ts';
import { planAssignments } from './node/supervise/plan-assignments.ts';
import { writeRunHistory } from './node/supervise/run-history.ts';

export interface StartModelOptions {
  readonly config: Config;
  readonly model: string;
  readonly nodeId: string;
  readonly bootId: string;
  readonly runnersDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

export type StartedModel =
  | { readonly kind: 'started'; readonly instance: Instance }
  | { readonly kind: 'refused'; readonly reason: string };

const repository = resolve(import.meta.dirname, '../../..');
const tinyDir = join(repository, 'native/models/tiny');
const runnerMain = join(repository, 'apps/runner/src/main.ts');

const size = z.int().positive().nullable().default(null).catch(null);
const ModelConfig = z.looseObject({
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size,
  intermediate_size: size,
});

/** Has the model at hand, then starts its ranks: one static assignment, attempt 1. */
export async function startModel(options: StartModelOptions): Promise<StartedModel> {
  const { config, clock, newId, nodeId, bootId, runnersDir } = options;
  const found = await findModel(options);
  if (found.kind === 'refused' || options.signal.aborted)
    return found.kind === 'refused' ? found : { kind: 'refused', reason: 'shutting down' };
  const { ranks, plan, engine } = config.model;
  const sizes = readSizes(found.dir);
  // A simulated rank cuts nothing.
  const misfit = engine === 'mlx' ? findMisfit(sizes, plan, ranks) : null;
  if (misfit !== null) return { kind: 'refused', reason: misfit };
  const spec = {
    modelId: found.modelId,
    modelDir: found.dir,
    engine,
    ranks,
    plan,
    nLayers: sizes.layers ?? 0,
    deadlines: config.deadlines,
    injectAllowed: config.injectAllowed,
  };
  for (const pid of endLeftovers(runnersDir, bootId))
    options.log.warn('ended a rank that an earlier plane left behind', { pid });
  const ringPathOf = (runnerId: string) => join(runnersDir, `${runnerId}.ring`);
  const assignments = planAssignments(spec, {
    nodeId,
    cores: availableParallelism(),
    bootId,
    attempt: 1,
    ports: await findFreePorts(ranks),
    ringPathOf,
    newId,
  });
  const [first] = assignments;
  if (first)
    writeRunHistory(runnersDir, {
      instanceId: first.instanceId,
      runnerIds: assignments.map(({ runnerId }) => runnerId),
    });
  // After the files of runs too old to keep have made room.
  const shortage = findDiskShortage({ path: runnersDir, freeBytes: readFreeBytes(runnersDir), ranks });
  if (shortage !== null) return { kind: 'refused', reason: shortage };
  const { monoNs, wallNs } = clock;
  const wallMs = () => Number(wallNs() / 1_000_000n);
  return {
    kind: 'started',
    instance: superviseInstance({ assignments, plan, nLayers: spec.nLayers, runnersDir, runnerMain, monoNs, wallMs }),
  };
}

type FoundModel =
  | { readonly kind: 'ready'; readonly modelId: string; readonly dir: string }
  | { readonly kind: 'refused'; readonly reason: string };

async function findModel({ config, model, log, onProgress, signal }: StartModelOptions): Promise<FoundModel> {
  // A simulated rank computes nothing, so nothing is fetched for it.
  if (config.model.engine === 'simulated') return { kind: 'ready', modelId: model, dir: tinyDir };
  // Loaded only where a model is wanted: downloading and converting is a good part of a plane's code.
  const { ensureModel } = await import('./node/models/ensure-model.ts');
  const ask = (name: string) =>
    ensureModel(name, { cacheDir: config.cacheDir, tinyDir, signal, onProgress: ({ message }) => onProgress(message) });
  const ensured = await ask(model);
  if (ensured.kind === 'ready') return ensured;
  if (!ensured.network || signal.aborted) return { kind: 'refused', reason: `${ensured.reason} ${ensured.fix}` };
  const instead = `${model} could not be fetched (${ensured.reason}); serving the tiny model instead, which knows only a few sentences`;
  log.warn(instead);
  onProgress(instead);
  const fallback = await ask('tiny');
  return fallback.kind === 'ready' ? fallback : { kind: 'refused', reason: `${fallback.reason} ${fallback.fix}` };
}

/** What the file says of the sizes; the engine reads it itself and refuses what it cannot run. */
function readSizes(dir: string): ModelSizes {
  try {
    const config = ModelConfig.parse(JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8')));
    const heads = config.num_attention_heads;
    return {
      layers: config.num_hidden_layers,
      heads,
      kvHeads: config.num_key_value_heads ?? heads,
      feedForward: config.intermediate_size,
    };
  } catch {
    return { layers: null, heads: null, kvHeads: null, feedForward: null };
  }
}
