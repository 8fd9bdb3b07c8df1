import { type NodeDiagnostics, type NodeDiagnosticsQuery, ProblemError } from '@rankscope/schema';
import type { Context } from './context.ts';

/** What a node last said, whether or not it still answers, with the newest entries that were kept of its runners. */
export async function lastWords(
  { keeping, cluster }: Context,
  nodeId: string,
  query: NodeDiagnosticsQuery,
): Promise<NodeDiagnostics> {
  if (keeping === null) {
    const leader = cluster.masterNodeId;
    const where = leader === null ? 'no plane of this cluster does' : `ask the leading plane, node ${leader}`;
    throw new ProblemError('not_leader', `This plane keeps no entries; ${where}.`);
  }
  const words = await keeping.store.lastWords(nodeId, query.limit);
  if (words !== null) return words;
  const heard = keeping.tail.nodes().map((node) => node.nodeId);
  throw new ProblemError(
    'node_not_found',
    `Nothing was ever heard of node ${nodeId}; followed are ${heard.join(', ')}.`,
  );
}
