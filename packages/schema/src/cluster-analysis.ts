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
  })
  .meta({ id: 'ClusterAnalysis' });
export type ClusterAnalysis = z.infer<typeof ClusterAnalysis>;
