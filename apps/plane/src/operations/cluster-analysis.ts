import type { ClusterAnalysis, TimelineQuery } from '@rankscope/schema';
import type { Context } from './context.ts';
import { gatherStitched } from './gather-stitched.ts';

/** The analysis rests on what each node says of its runners, not on their entries. */
const fewEntries = 1;

/** What the published timeline has no place for. */
export async function clusterAnalysis(ctx: Context, query: TimelineQuery): Promise<ClusterAnalysis> {
  return (await gatherStitched(ctx, { ...query, limit: fewEntries })).analysis;
}
