import type { ClusterAnalysis, ClusterTimeline, TimelineQuery } from '@rankscope/schema';
import { analyse } from './analyse.ts';
import { compareText } from './entry-order.ts';
import type { GatheredNode } from './gathered-node.ts';
import { canonicalTimestamp } from './instant.ts';
import { type KeptEntries, mergeEntries } from './merge-entries.ts';
import { mergeNodes } from './merge-nodes.ts';
import { mergeRunners, synopsisOf } from './merge-runners.ts';

export interface StitchInput {
  readonly generatedAt: string;
  readonly localNodeId: string;
  readonly masterNodeId: string | null;
  readonly query: TimelineQuery;
  readonly nodes: readonly GatheredNode[];
  /** What a store has that matches the query; without it there is only what the nodes sent. */
  readonly kept?: KeptEntries | undefined;
}

export interface Stitched {
  readonly timeline: ClusterTimeline;
  readonly analysis: ClusterAnalysis;
  /** True when entries that match the query were left out because of its limit. */
  readonly truncated: boolean;
}

/**
 * Makes one timeline of what every node said, and says who said nothing.
 *
 * The answer does not depend on the order in which nodes answered, and hearing a node twice changes nothing: every
 * plane of a cluster that hears the same things shows the same picture. A node that said nothing keeps its last words,
 * where somebody has them: its runners and entries stay, and the analysis calls them stale.
 */
export function stitch(input: StitchInput): Stitched {
  const { query } = input;
  const { answered, silent } = mergeNodes(input.nodes);
  const runners = mergeRunners(answered, silent).filter(
    ({ runner }) => query.instanceId === undefined || runner.instanceId === query.instanceId,
  );
  const { entries, truncated } = mergeEntries(runners, query, input.kept);
  const head = {
    generatedAt: canonicalTimestamp(input.generatedAt),
    localNodeId: input.localNodeId,
    masterNodeId: input.masterNodeId,
  };
  return {
    timeline: {
      ...head,
      runners: runners.map(({ runner }) => synopsisOf(runner)),
      timeline: entries,
      unreachableNodes: silent
        .map(({ nodeId, url, error }) => ({ nodeId, url, error }))
        .sort((a, b) => compareText(a.nodeId, b.nodeId) || compareText(a.url ?? '', b.url ?? '')),
    },
    analysis: { ...head, ...analyse(runners, answered, silent), history: null, verdicts: [], attribution: [] },
    truncated,
  };
}
