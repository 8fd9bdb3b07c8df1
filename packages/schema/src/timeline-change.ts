import { ClusterAnalysis } from './cluster-analysis.ts';
import { ClusterTimeline, ClusterTimelineEntry, ClusterTimelineRunner, UnreachableNode } from './cluster-timeline.ts';
import { z } from './zod.ts';

/** One message of the live stream: everything first, then what is new. Applying the changes in order gives the timeline. */
export const TimelineChange = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('snapshot'), timeline: ClusterTimeline, analysis: ClusterAnalysis }),
    z.object({
      kind: z.literal('delta'),
      generatedAt: z.string(),
      masterNodeId: z.string().nullable(),
      runners: z.array(ClusterTimelineRunner),
      /** Entries not sent before, sorted as the timeline is. */
      entries: z.array(ClusterTimelineEntry),
      unreachableNodes: z.array(UnreachableNode),
      analysis: ClusterAnalysis,
    }),
  ])
  .meta({ id: 'TimelineChange' });
export type TimelineChange = z.infer<typeof TimelineChange>;
