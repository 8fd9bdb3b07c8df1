import { planeAttributes as names } from '@rankscope/schema';
import type { GatheredNode } from '@rankscope/timeline';
import type { Context } from './context.ts';

/** What every node says, and the silence of those that say nothing. */
export function askAllNodes({ cluster, tracing }: Context, limit: number): Promise<GatheredNode[]> {
  return tracing.inSpan({ name: 'gather' }, async (span) => {
    const nodes = await cluster.gather(limit);
    span.set({
      [names.nodesAsked]: nodes.length,
      [names.nodesSilent]: nodes.filter(({ kind }) => kind !== 'ok').length,
    });
    return nodes;
  });
}
