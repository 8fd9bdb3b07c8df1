import { diagnose, emptyMemory, inputOfTimeline } from '@rankscope/diagnosis';
import type { ClusterAnalysis, TimelineQuery } from '@rankscope/schema';
import { clusterHistory } from './cluster-history.ts';
import type { Context } from './context.ts';
import { gatherStitched } from './gather-stitched.ts';

/** A rank's newest entries, on which a verdict rests: some hundred collectives. */
const judgedEntries = 512;

/** What the published timeline has no place for, and what is to be made of it: who holds up whom. */
export async function clusterAnalysis(ctx: Context, query: TimelineQuery): Promise<ClusterAnalysis> {
  const [{ timeline, analysis }, history] = await Promise.all([
    gatherStitched(ctx, { ...query, limit: judgedEntries }),
    clusterHistory(ctx),
  ]);
  const { verdicts, attribution } = diagnose(inputOfTimeline(timeline, analysis), emptyMemory);
  return { ...analysis, history, verdicts: [...verdicts], attribution: [...attribution] };
}
