import { formatTimestamp, type TimelineQuery } from '@rankscope/schema';
import { type Stitched, stitch } from '@rankscope/timeline';
import type { Context } from './context.ts';

/** Asks every node and makes one picture of what they say. */
export async function gatherStitched({ cluster, clock }: Context, query: TimelineQuery): Promise<Stitched> {
  const nodes = await cluster.gather(query.limit);
  const { localNodeId, masterNodeId } = cluster;
  return stitch({ generatedAt: formatTimestamp(clock.wallNs()), localNodeId, masterNodeId, query, nodes });
}
