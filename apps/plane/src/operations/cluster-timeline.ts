import type { ClusterTimeline, TimelineQuery } from '@rankscope/schema';
import type { Context } from './context.ts';
import { asksForHistory, gatherStitched } from './gather-stitched.ts';

export interface TimelineAnswer {
  readonly timeline: ClusterTimeline;
  readonly truncated: boolean;
  /** The newest so many entries of each runner. */
  readonly limit: number;
  /** Where a question that goes back in time was answered from; null for one that does not. */
  readonly history: string | null;
}

/** Where every rank is and what it did, over all nodes. A silent node is a row in `unreachableNodes`. */
export async function clusterTimeline(ctx: Context, query: TimelineQuery): Promise<TimelineAnswer> {
  const { timeline, truncated, limit } = await gatherStitched(ctx, query);
  return { timeline, truncated, limit, history: asksForHistory(query) ? describeHistory(ctx) : null };
}

export function describeHistory({ keeping, cluster: { masterNodeId } }: Context): string {
  if (keeping !== null) return 'store';
  const leader = masterNodeId === null ? '' : `; the leading plane, node ${masterNodeId}, has more`;
  return `recorders only, this plane keeps no entries${leader}`;
}
