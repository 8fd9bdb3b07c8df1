import type { ClusterAnalysis, TimelineQuery } from '@rankscope/schema';
import { clusterHistory } from './cluster-history.ts';
import type { Context } from './context.ts';
import { gatherStitched } from './gather-stitched.ts';

/** The analysis rests on what each node says of its runners, not on their entries. */
const fewEntries = 1;

/** What the published timeline has no place for. */
export async function clusterAnalysis(ctx: Context, query: TimelineQuery): Promise<ClusterAnalysis> {
  const [{ analysis }, history] = await Promise.all([
    gatherStitched(ctx, { ...query, limit: fewEntries }),
    clusterHistory(ctx),
  ]);
  return { ...analysis, history };
}
