import type { ClusterTimeline, TimelineQuery } from '@rankscope/schema';
import type { Context } from './context.ts';
import { gatherStitched } from './gather-stitched.ts';

/** Where every rank is and what it did, over all nodes. A silent node is a row in `unreachableNodes`. */
export async function clusterTimeline(
  ctx: Context,
  query: TimelineQuery,
): Promise<{ timeline: ClusterTimeline; truncated: boolean }> {
  const { timeline, truncated } = await gatherStitched(ctx, query);
  return { timeline, truncated };
}
