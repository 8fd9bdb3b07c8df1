import { z } from 'zod';
import { Timestamp } from './timestamp.ts';

/** What the published timeline has no place for, per runner. */
export const RunnerAnalysis = z
  .object({
    runnerId: z.string(),
    nodeId: z.string(),
    instanceId: z.string(),
    deviceRank: z.int().nonnegative(),
    attempt: z.int().positive(),
    statusKind: z.string(),
    /** Seconds since the newest entry, on the node's own monotonic clock; null when there is none. */
    secondsSinceProgress: z.number().nullable(),
    /** The site in which the rank stands now: the open collective, or null. */
    openSite: z
      .object({
        op: z.string(),
        group: z.int(),
        barrierSeq: z.int(),
        layer: z.int().nullable(),
        peer: z.int().nullable(),
        seconds: z.number(),
      })
      .nullable(),
    /** Ordinal of the last collective of group 0 that the rank left; null before the first. */
    lastLeft: z.int().nullable(),
    ringFirstSeq: z.int().nullable(),
    ringLastSeq: z.int().nullable(),
    /** Entries that were overwritten before anyone read them, and slots found torn. */
    dropped: z.int(),
    torn: z.int(),
    /** Seconds since the process's watchdog thread and its JavaScript loop last said they run. */
    secondsSinceHeartbeat: z.number().nullable(),
    secondsSinceLoop: z.number().nullable(),
    exitCode: z.int().nullable(),
    exitSignal: z.string().nullable(),
    errorMessage: z.string().nullable(),
    snapshotAt: Timestamp,
  })
  .meta({ id: 'RunnerAnalysis' });
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
