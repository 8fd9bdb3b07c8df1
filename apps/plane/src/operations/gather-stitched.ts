import { formatTimestamp, type TimelineQuery } from '@rankscope/schema';
import { type Stitched, stitch } from '@rankscope/timeline';
import type { Context } from './context.ts';

/** Asks every node and makes one picture of what they say. */
export async function gatherStitched({ cluster, clock }: Context, query: TimelineQuery): Promise<Stitched> {
  // Before the nodes are asked, so that the leader is that of the list they are asked from.
  const { localNodeId, masterNodeId } = cluster;
  const nodes = await cluster.gather(query.limit);
  return stitch({ generatedAt: formatTimestamp(clock.wallNs()), localNodeId, masterNodeId, query, nodes });
}
