import { MlxMemorySnapshot } from './mlx-memory.ts';
import { RunnerPhase } from './phase.ts';
import { RunnerStatusKind } from './status-kind.ts';
import { Timestamp } from './timestamp.ts';
import { z } from './zod.ts';

export const AttrValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
export type AttrValue = z.infer<typeof AttrValue>;

/** Structured, flat, low-cardinality facts of an entry. The names Rankscope itself writes are in {@link entryAttrs}. */
export const Attrs = z.record(z.string(), AttrValue);
export type Attrs = z.infer<typeof Attrs>;

/**
 * Two readings of one shape. *Written* is what we send: the 22 phases, no unknown key. *Read* is what we accept from
 * any producer: unknown keys and phases are kept and shown, because a newer peer is not an error.
 */
function shapes<P extends z.ZodType<string>, S extends z.ZodType<string>>(
  phase: P,
  statusKind: S,
  unknownKeys: 'refuse' | 'keep',
  idPrefix: string,
) {
  const object = <T extends z.ZodRawShape>(id: string, shape: T) => {
    const made = unknownKeys === 'keep' ? z.looseObject(shape) : z.strictObject(shape);
    return made.meta({ id: `${idPrefix}${id}` }) as unknown as z.ZodObject<T>;
  };
  const runner = object('ClusterTimelineRunner', {
    nodeId: z.string(),
    runnerId: z.string(),
    instanceId: z.string(),
    modelId: z.string(),
    deviceRank: z.int().nonnegative(),
    worldSize: z.int().positive(),
    pid: z.int().nullable(),
    processAlive: z.boolean(),
    statusKind,
    phase,
    phaseDetail: z.string().nullable(),
    secondsInPhase: z.number().nonnegative(),
    lastProgressAt: Timestamp.nullable(),
    activeTaskId: z.string().nullable(),
    activeCommandId: z.string().nullable(),
    lastMlxMemory: MlxMemorySnapshot.nullable(),
  });
  const entry = object('ClusterTimelineEntry', {
    at: Timestamp,
    nodeId: z.string(),
    runnerId: z.string(),
    deviceRank: z.int().nonnegative(),
    worldSize: z.int().positive(),
    phase,
    event: z.string(),
    detail: z.string().nullable(),
    attrs: Attrs,
    taskId: z.string().nullable(),
    commandId: z.string().nullable(),
    mlxMemory: MlxMemorySnapshot.nullable(),
  });
  const unreachable = object('UnreachableNode', { nodeId: z.string(), url: z.string().nullable(), error: z.string() });
  const timeline = object('ClusterTimeline', {
    generatedAt: Timestamp,
    localNodeId: z.string(),
    masterNodeId: z.string().nullable(),
    runners: z.array(runner),
    timeline: z.array(entry),
    unreachableNodes: z.array(unreachable),
  });
  return { runner, entry, unreachable, timeline };
}

const written = shapes(RunnerPhase, RunnerStatusKind, 'refuse', '');
const read = shapes(z.string().min(1), z.string().min(1), 'keep', 'Read');

/** What we send: field by field the published shape, nothing more, nulls present. */
export const ClusterTimelineWritten = written.timeline;

/** What we accept, from our own planes and from any other producer of the shape. */
export const ClusterTimeline = read.timeline;
export type ClusterTimeline = z.infer<typeof read.timeline>;
export const ClusterTimelineRunner = read.runner;
export type ClusterTimelineRunner = z.infer<typeof read.runner>;
export const ClusterTimelineEntry = read.entry;
export type ClusterTimelineEntry = z.infer<typeof read.entry>;
export const UnreachableNode = read.unreachable;
export type UnreachableNode = z.infer<typeof read.unreachable>;

/**
 * Names of the attributes that our recorder puts on an entry, each with what it means. They are reserved: whatever else a
 * runner attaches keeps its own name, and one of these from a runner is left out.
 */
export const entryAttrs = {
  seq: 'number of the entry in its runner’s recorder; grows by one',
  dropped: 'entries lost before this one',
  group: 'communication group, 0 is the world',
  barrierSeq: 'ordinal of the collective in its group; of a send or receive, per peer and direction',
  op: 'all_sum, all_gather, send, recv …',
  layer: 'model layer, 0-based',
  bytes: 'size of the operand',
  dtype: 'element type of the operand',
  evalSeq: 'number of the eval that the collective belongs to',
  waitingOn: 'peer rank of a point-to-point operation',
  chunkIndex: 'progress: this one, 1-based',
  chunkTotal: 'progress: of so many',
  monoNs: 'CLOCK_MONOTONIC of the node, nanoseconds, decimal',
  cell: 'which thread of the runner wrote it, where it is not the task loop: 1 engine, 2 parser, 3 messages from outside',
  attrsLost: 'true when the runner attached more, which found no room in its recorder or had one of these names',
  source: '"supervisor" when the plane recorded it for a silent runner; absent otherwise',
} as const;
export type EntryAttr = keyof typeof entryAttrs;

/** Query of the timeline. Ids are compared whole. */
export const TimelineQuery = z.strictObject({
  limit: z.coerce
    .number<string | number>()
    .int()
    .min(1)
    .max(65_536)
    .default(1024)
    .describe('newest entries per runner'),
  instanceId: z.string().optional(),
  taskId: z.string().optional(),
  commandId: z.string().optional(),
  since: Timestamp.optional(),
  until: Timestamp.optional(),
});
export type TimelineQuery = z.infer<typeof TimelineQuery>;
