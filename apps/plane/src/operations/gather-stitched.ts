import { formatTimestamp, type TimelineQuery } from '@rankscope/schema';
import { type Stitched, stitch } from '@rankscope/timeline';
import { askAllNodes } from './ask-all-nodes.ts';
import type { Context } from './context.ts';

/** Asks every node and makes one picture of what they say. */
export async function gatherStitched(ctx: Context, query: TimelineQuery): Promise<Stitched> {
  const { cluster, clock } = ctx;
  const nodes = await askAllNodes(ctx, query.limit);
  const { localNodeId, masterNodeId } = cluster;
  return stitch({ generatedAt: formatTimestamp(clock.wallNs()), localNodeId, masterNodeId, query, nodes });
}
