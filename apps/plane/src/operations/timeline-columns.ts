import {
  addEntry,
  type ClusterAnalysis,
  type ClusterTimeline,
  type ClusterTimelineEntry,
  type EntryBatch,
  EntryBatchBuilder,
  type EntrySource,
  maxBatchRows,
  type TimelineColumnsHead,
  type TimelineQuery,
} from '@rankscope/schema';
import { fitLimit } from '../control/entries/fit-limit.ts';
import { selectRows } from '../control/entries/select-rows.ts';
import type { Keeping } from '../control/keeping.ts';
import { describeHistory } from './cluster-timeline.ts';
import type { Context } from './context.ts';
import { entryQueryOf, gatherStitched, stitchNow } from './gather-stitched.ts';

export interface ColumnsAnswer {
  readonly head: TimelineColumnsHead;
  readonly batch: EntryBatch;
}

/** Of the nodes' own reports only what the runners are now is needed. */
const fewEntries = 1;
/** Half of what one batch may hold, because what the store does not have yet comes on top. */
const maxRows = maxBatchRows / 2;

/** The timeline with its entries as columns, by recorder and number: for whoever shows more than some ten thousand. */
export function timelineColumns(ctx: Context, query: TimelineQuery): Promise<ColumnsAnswer> {
  return ctx.keeping === null ? fromRecorders(ctx, query) : fromStore(ctx, ctx.keeping, query);
}

/** No object is made of any entry: the store has them as columns, and what it does not have yet is asked for as such. */
async function fromStore(ctx: Context, { store, tail }: Keeping, query: TimelineQuery): Promise<ColumnsAnswer> {
  const { masterNodeId } = ctx.cluster;
  const [nodes, unread, asked] = await Promise.all([
    ctx.cluster.gather(fewEntries),
    tail.unread(ctx.nodeDeadlineMs),
    fitLimit(store, entryQueryOf(query), maxRows),
  ]);
  const { timeline, analysis } = stitchNow(ctx, { ...query, limit: fewEntries }, nodes, { masterNodeId });
  // Asked last, so that nothing falls between what was unread before and what is kept now.
  const kept = await store.query(asked);
  const news = unread.filter(({ rows }) => rows > 0);
  const { batch, truncated } = news.length === 0 ? kept : selectRows([kept.batch, ...news], asked);
  const leftOut = kept.truncated || truncated || tail.isBehind();
  return { head: headOf(ctx, timeline, analysis, leftOut, asked.limitPerRunner), batch };
}

/** Without a store the nodes send entries, and columns are made of them here. */
async function fromRecorders(ctx: Context, query: TimelineQuery): Promise<ColumnsAnswer> {
  const { timeline, analysis, truncated, limit } = await gatherStitched(ctx, query);
  const builder = new EntryBatchBuilder(timeline.timeline.length);
  const sourceOf = createSourceOf(timeline, analysis);
  for (const entry of timeline.timeline) addEntry(builder, builder.source(sourceOf(entry)), entry);
  const { batch } = selectRows([builder.build()], { ...entryQueryOf({ limit }), limitPerRunner: maxRows });
  return { head: headOf(ctx, timeline, analysis, truncated, limit), batch };
}

function headOf(
  ctx: Context,
  { generatedAt, localNodeId, masterNodeId, runners, unreachableNodes }: ClusterTimeline,
  analysis: ClusterAnalysis,
  truncated: boolean,
  limit: number,
): TimelineColumnsHead {
  const history = describeHistory(ctx);
  return { generatedAt, localNodeId, masterNodeId, runners, unreachableNodes, analysis, limit, truncated, history };
}

/** Who wrote an entry, as far as the entry and its runner say. */
function createSourceOf({ runners }: ClusterTimeline, analysis: ClusterAnalysis) {
  const runnerOf = new Map(runners.map((runner) => [runner.runnerId, runner]));
  const attemptOf = new Map(analysis.runners.map(({ runnerId, attempt }) => [runnerId, attempt]));
  return ({ nodeId, runnerId, deviceRank, worldSize, attrs }: ClusterTimelineEntry): EntrySource => ({
    nodeId,
    runnerId,
    instanceId: runnerOf.get(runnerId)?.instanceId ?? '',
    modelId: runnerOf.get(runnerId)?.modelId ?? '',
    deviceRank,
    worldSize,
    attempt: attemptOf.get(runnerId) ?? 1,
    recorder: typeof attrs.source === 'string' ? attrs.source : '',
  });
}
