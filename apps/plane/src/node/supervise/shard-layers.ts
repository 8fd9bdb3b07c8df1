import type { ShardPlan } from '@rankscope/schema';

export interface LayerRange {
  readonly startLayer: number;
  readonly endLayer: number;
  readonly nLayers: number;
}

/** Which layers a rank holds: a contiguous share in a pipeline (the first ranks take the rest), all of them otherwise. */
export function shardLayers(plan: ShardPlan, rank: number, worldSize: number, nLayers: number): LayerRange {
  if (plan !== 'pipeline') return { startLayer: 0, endLayer: nLayers, nLayers };
  const share = Math.floor(nLayers / worldSize);
  const rest = nLayers % worldSize;
  const startLayer = rank * share + Math.min(rank, rest);
  return { startLayer, endLayer: startLayer + share + (rank < rest ? 1 : 0), nLayers };
}
