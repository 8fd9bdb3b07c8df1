import { ClusterAnalysis } from './cluster-analysis.ts';
import { ClusterTimeline } from './cluster-timeline.ts';
import { z } from './zod.ts';

/** What stands beside the entries when the timeline is answered as columns: all of it but the entries, and the analysis. */
export const TimelineColumnsHead = ClusterTimeline.omit({ timeline: true })
  .extend({
    analysis: ClusterAnalysis,
    /** The newest so many entries of each runner: as asked, or fewer where that would be more than one answer holds. */
    limit: z.int().positive(),
    /** There are more that match. */
    truncated: z.boolean(),
    /** Where the entries are from: `store`, or why from nowhere but the recorders. */
    history: z.string(),
  })
  .meta({ id: 'TimelineColumnsHead' });
export type TimelineColumnsHead = z.infer<typeof TimelineColumnsHead>;
