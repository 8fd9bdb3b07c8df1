import { Timestamp } from './timestamp.ts';
import { z } from './zod.ts';

export const severities = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof severities)[number];

/**
 * Every verdict, in the order in which they are tried, with how bad it is: *critical* will not end by itself, *warning*
 * costs time or may become critical, *info* is how things are.
 */
export const verdictCodes = {
  RUNNER_CHURN: 'warning',
  OOM_DEATH: 'critical',
  RANK_PROCESS_DEAD: 'critical',
  RANK_FROZEN: 'critical',
  COLLECTIVE_MISMATCH: 'critical',
  RANK_ERRORED_PEERS_WAIT: 'critical',
  TELEMETRY_PARTITION: 'warning',
  NODE_UNREACHABLE: 'critical',
  RANK_NEVER_JOINED: 'critical',
  PARTIAL_RELEASE: 'critical',
  CONNECT_STALL: 'critical',
  BARRIER_MISSING_RANK: 'critical',
  COMPUTE_STALL: 'critical',
  CANCEL_DIVERGENCE: 'critical',
  PARAM_MISMATCH: 'critical',
  TASK_DIVERGENCE: 'critical',
  PHASE_ORDER_DIVERGENCE: 'critical',
  SYMMETRIC_HANG: 'critical',
  SHUTDOWN_STUCK: 'critical',
  INSUFFICIENT_EVIDENCE: 'warning',
  STRAGGLER: 'warning',
  COLLECTIVE_SLOW: 'warning',
  WAITING_ON_WORK: 'info',
  SLOW_PROGRESS: 'info',
  IDLE: 'info',
  HEALTHY: 'info',
} as const satisfies Record<string, Severity>;
export type VerdictCode = keyof typeof verdictCodes;

/** *established*: the evidence leaves no other reading; *supported*: the likeliest; *undecided*: suspects, no culprit. */
export const confidences = ['established', 'supported', 'undecided'] as const;

export const VerdictRank = z
  .object({
    rank: z.int().nonnegative(),
    /** Null where the slot has no runner. */
    nodeId: z.string().nullable(),
    runnerId: z.string().nullable(),
    phase: z.string().nullable(),
    /** What speaks against it, in words. */
    why: z.string(),
    /** Among ranks that failed one after another. */
    role: z.enum(['initiating', 'cascade']).nullable(),
  })
  .meta({ id: 'VerdictRank' });
export type VerdictRank = z.infer<typeof VerdictRank>;

/** The collective that a verdict is about. */
export const VerdictCollective = z
  .object({
    group: z.int(),
    barrierSeq: z.int().nullable(),
    phase: z.string(),
    op: z.string().nullable(),
    layer: z.int().nullable(),
    taskId: z.string().nullable(),
  })
  .meta({ id: 'VerdictCollective' });
export type VerdictCollective = z.infer<typeof VerdictCollective>;

/** Who holds up whom in one instance, or honestly that nobody can be named. The same in the API, terminal, page and webhook. */
export const Verdict = z
  .object({
    code: z.enum(Object.keys(verdictCodes) as [VerdictCode, ...VerdictCode[]]),
    severity: z.enum(severities),
    confidence: z.enum(confidences),
    /** More exact than the code: for a missing rank its phase, for a mismatch which attribute. */
    subreason: z.string().nullable(),
    instanceId: z.string(),
    collective: VerdictCollective.nullable(),
    culprits: z.array(VerdictRank),
    suspects: z.array(VerdictRank),
    /** Ranks that wait and are not to blame. */
    victims: z.array(z.int()),
    waitsFor: z.array(z.object({ from: z.int(), to: z.int(), via: z.string() })),
    /** When it began, by the clock of the node that shows it first. */
    since: Timestamp,
    detectedAt: Timestamp,
    /** Minimal: without one of these the verdict would be another or weaker. Null `seq`: the runner's present state. */
    evidence: z.array(z.object({ runnerId: z.string(), seq: z.int().nullable() })),
    /** What would have to be known to say more. */
    missing: z.array(z.string()),
    /** `CLOCK_SKEW:1`, `RECORDER_GAP:2`, `STALE_SNAPSHOT:node-a`; they never change the verdict. */
    annotations: z.array(z.string()),
    /** Plain English. */
    sentence: z.string(),
    nextStep: z.string().nullable(),
    /** The same for two incidents of the same fault. */
    fingerprint: z.string(),
  })
  .meta({ id: 'Verdict' });
export type Verdict = z.infer<typeof Verdict>;

/** Of what a rank's time went into, over a window. Shares of 1. */
export const RankAttribution = z
  .object({
    instanceId: z.string(),
    rank: z.int().nonnegative(),
    runnerId: z.string(),
    windowSeconds: z.number().nonnegative(),
    computing: z.number(),
    /** In collectives whose last rank had not come yet. */
    waiting: z.number(),
    /** In collectives that all ranks had entered. */
    link: z.number(),
    idle: z.number(),
    /** How long it waited for which rank. */
    waitedFor: z.array(z.object({ rank: z.int(), seconds: z.number() })),
    /** Time of the instance that was lost because this rank came last. */
    costSeconds: z.number(),
    /** Null where no tokens were counted. */
    tokensPerSecondLost: z.number().nullable(),
  })
  .meta({ id: 'RankAttribution' });
export type RankAttribution = z.infer<typeof RankAttribution>;
