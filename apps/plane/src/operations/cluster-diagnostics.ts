import {
  type ClusterDiagnostics,
  type ClusterNode,
  formatTimestamp,
  type NodeDiagnosticsQuery,
} from '@rankscope/schema';
import type { GatheredNode } from '@rankscope/timeline';
import { askAllNodes } from './ask-all-nodes.ts';
import type { Context } from './context.ts';

/** Every expected node, with its own words or with why there are none. */
export async function clusterDiagnostics(ctx: Context, query: NodeDiagnosticsQuery): Promise<ClusterDiagnostics> {
  const { cluster, clock } = ctx;
  const { localNodeId, masterNodeId } = cluster;
  const nodes = (await askAllNodes(ctx, query.limit)).map(clusterNode);
  return { generatedAt: formatTimestamp(clock.wallNs()), localNodeId, masterNodeId, nodes };
}

function clusterNode(node: GatheredNode): ClusterNode {
  const { nodeId, url } = node;
  return node.kind === 'ok'
    ? { nodeId, url, ok: true, diagnostics: node.diagnostics, error: null }
    : { nodeId, url, ok: false, diagnostics: null, error: node.error };
}
