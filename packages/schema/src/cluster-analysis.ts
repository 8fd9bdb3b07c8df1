import { RunnerExtras } from './runner-extras.ts';
import { Timestamp } from './timestamp.ts';
import { RankAttribution, Verdict } from './verdict.ts';
import { z } from './zod.ts';

/** What the published timeline has no place for, per runner. */
export const RunnerAnalysis = RunnerExtras.extend({
  runnerId: z.string(),
  nodeId: z.string(),
  instanceId: z.string(),
  deviceRank: z.int().nonnegative(),
  statusKind: z.string(),
  exitCode: z.int().nullable(),
  snapshotAt: Timestamp,
  /** The node did not answer: this is what it last said, at `snapshotAt`, as the entry store has it. */
  stale: z.boolean().default(false),
}).meta({ id: 'RunnerAnalysis' });
export type RunnerAnalysis = z.infer<typeof RunnerAnalysis>;

/** How far the leading plane follows the recorders of one node. */
export const TailedNode = z
  .object({
    nodeId: z.string(),
    /** Null: the leading plane's own. */
    url: z.string().nullable(),
    state: z.enum(['starting', 'following', 'silent', 'refused', 'store full']),
    /** Why it is not being followed, as a sentence. */
    error: z.string().nullable(),
    /** Entries that were handed to the store since the plane began. */
    entries: z.int(),
    /** How old its entries were when they were kept, by both planes' clocks, in the last minute or two; null: none came. */
    ageMs: z.object({ p50: z.number(), p99: z.number(), max: z.number() }).nullable(),
    /** Entries that its recorders overwrote before they could be read. */
    dropped: z.int(),
    /** Answers that were not believed. */
    refused: z.int(),
    /** Times that the store had no room, and the same entries were asked for again. */
    storeFull: z.int(),
    /** Times that it was read from the beginning, because it did not know its own cursor. */
    rewound: z.int(),
    /** Answers that were written down: whoever remembers the node's words sees by it that there are newer ones. */
    answers: z.int(),
  })
  .meta({ id: 'TailedNode' });
export type TailedNode = z.infer<typeof TailedNode>;

/** What the leading plane keeps of all nodes. */
export const ClusterHistory = z
  .object({
    nodes: z.array(TailedNode),
    rows: z.int(),
    diskBytes: z.int(),
    oldestAt: Timestamp.nullable(),
    /** Rows that were not kept: the queue was full, or the disk refused them. */
    lostRows: z.int(),
    /** Rows that were held already. */
    doubleRows: z.int(),
  })
  .meta({ id: 'ClusterHistory' });
export type ClusterHistory = z.infer<typeof ClusterHistory>;

export const ClusterAnalysis = z
  .object({
    generatedAt: Timestamp,
    localNodeId: z.string(),
    masterNodeId: z.string().nullable(),
    runners: z.array(RunnerAnalysis),
    /** Ranks that should exist against ranks that were seen, per instance. */
    instances: z.array(
      z.object({
        instanceId: z.string(),
        modelId: z.string(),
        worldSize: z.int(),
        seenRanks: z.array(z.int()),
        missingRanks: z.array(z.int()),
      }),
    ),
    /** Clocks against that of `localNodeId`, each with the bound that question and answer give. */
    clocks: z
      .array(z.object({ nodeId: z.string(), offsetSeconds: z.number(), uncertaintySeconds: z.number() }))
      .default([]),
    /** At least one an instance; a plane of an older version has none. */
    verdicts: z.array(Verdict).default([]),
    attribution: z.array(RankAttribution).default([]),
    nodes: z.array(
      z.object({
        nodeId: z.string(),
        url: z.string().nullable(),
        reachable: z.boolean(),
        error: z.string().nullable(),
        roundTripMs: z.number().nullable(),
        friendlyName: z.string().nullable(),
        version: z.string().nullable(),
      }),
    ),
    /** Null from a plane that does not lead, and in the live timeline. */
    history: ClusterHistory.nullable().default(null),
  })
  .meta({ id: 'ClusterAnalysis' });
export type ClusterAnalysis = z.infer<typeof ClusterAnalysis>;
