import { entryAt, formatTimestamp, parseTimestampUs, type TimelineQuery } from '@rankscope/schema';
import { type GatheredNode, type Stitched, type StitchInput, stitch } from '@rankscope/timeline';
import type { EntryQuery } from '../control/entries/entry-store.ts';
import { fitLimit } from '../control/entries/fit-limit.ts';
import type { Keeping } from '../control/keeping.ts';
import { askAllNodes } from './ask-all-nodes.ts';
import type { Context } from './context.ts';

/**
 * Entries that a node is asked for beside a store: what it recorded in the moment before it is tailed again. Readers of
 * its recorders keep so many ready.
 */
const unkeptEntries = 2_048;
/** An answer of so many entries is some 120 MB of JSON; who wants more asks for columns, or for less time. */
const maxHistoryEntries = 262_144;

export interface GatheredStitched extends Stitched {
  /** The newest so many entries of each runner: as asked, or fewer where that would be too many. */
  readonly limit: number;
}

/** Asks every node and makes one picture of what they say, and of what the store has where the query goes back in time. */
export async function gatherStitched(ctx: Context, query: TimelineQuery): Promise<GatheredStitched> {
  const { cluster, keeping } = ctx;
  const { limit } = query;
  // Before the nodes are asked, so that the leader is that of the list they are asked from.
  const { masterNodeId } = cluster;
  if (keeping === null || !asksForHistory(query))
    return { ...stitchNow(ctx, query, await askAllNodes(ctx, limit), { masterNodeId }), limit };
  const [nodes, kept] = await Promise.all([askAllNodes(ctx, Math.max(limit, unkeptEntries)), askStore(keeping, query)]);
  return { ...stitchNow(ctx, { ...query, limit: kept.limit }, nodes, { masterNodeId, kept }), limit: kept.limit };
}

/** One picture of what the nodes said, as of now. */
export function stitchNow(
  { cluster, clock }: Context,
  query: TimelineQuery,
  nodes: readonly GatheredNode[],
  { masterNodeId, kept }: Pick<StitchInput, 'masterNodeId' | 'kept'>,
): Stitched {
  const { localNodeId } = cluster;
  return stitch({ generatedAt: formatTimestamp(clock.wallNs()), localNodeId, masterNodeId, query, nodes, kept });
}

async function askStore({ store, tail }: Keeping, query: TimelineQuery) {
  const asked = await fitLimit(store, entryQueryOf(query), maxHistoryEntries);
  const { batch, truncated } = await store.query(asked);
  const entries = Array.from({ length: batch.rows }, (_, row) => entryAt(batch, row));
  return { entries, truncated: truncated || tail.isBehind(), limit: asked.limitPerRunner };
}

/** Without any of these the newest entries are wanted, and the recorders themselves have them. */
export function asksForHistory({ since, until, taskId, commandId }: TimelineQuery): boolean {
  return [since, until, taskId, commandId].some((filter) => filter !== undefined);
}

export function entryQueryOf({ since, until, instanceId, taskId, commandId, limit }: TimelineQuery): EntryQuery {
  return {
    sinceUs: since === undefined ? null : parseTimestampUs(since),
    untilUs: until === undefined ? null : parseTimestampUs(until),
    nodeId: null,
    instanceId: instanceId ?? null,
    runnerIds: null,
    taskId: taskId ?? null,
    commandId: commandId ?? null,
    limitPerRunner: limit,
  };
}
