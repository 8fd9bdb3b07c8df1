import { Fault } from './fault.ts';
import { CommandId, InstanceId, NodeId, RunnerId, TaskId } from './ids.ts';
import { MlxMemorySnapshot } from './mlx-memory.ts';
import { RunnerStatusKind } from './status-kind.ts';
import { z } from './zod.ts';

/** Raised when a message changes so that an older runner would misread it. Plane and runner ship together. */
export const runnerProtocolVersion = 1;

export const ShardPlan = z.enum(['single', 'pipeline', 'tensor']).meta({ id: 'ShardPlan' });
export type ShardPlan = z.infer<typeof ShardPlan>;

/** Deadlines of a rank's life, each watched by a thread of its own outside the engine. Milliseconds. */
export const RankDeadlines = z.strictObject({
  connectMs: z.int().positive().default(60_000),
  loadMs: z.int().positive().default(600_000),
  /** One collective may stay open for so long before the group is given up. */
  collectiveMs: z.int().positive().default(600_000),
  taskMs: z.int().positive().default(1_800_000),
});
export type RankDeadlines = z.infer<typeof RankDeadlines>;

export const Assignment = z.strictObject({
  protocol: z.literal(runnerProtocolVersion),
  runnerId: RunnerId,
  nodeId: NodeId,
  instanceId: InstanceId,
  modelId: z.string().min(1),
  modelDir: z.string().min(1),
  engine: z.enum(['mlx', 'simulated']),
  rank: z.int().nonnegative(),
  worldSize: z.int().positive(),
  attempt: z.int().positive(),
  plan: ShardPlan,
  /** One `host:port` per rank, in rank order; what MLX's ring listens on and connects to. */
  hosts: z.array(z.string()).min(1),
  ringPath: z.string().min(1),
  /** The boot id of the machine, so that a monotonic time is never compared across a reboot. */
  bootId: z.uuid(),
  deadlines: RankDeadlines,
  /** Threads that the rank's matrix products may use; null leaves it to the BLAS, which takes all cores. */
  computeThreads: z.int().positive().nullable().default(null),
  injectAllowed: z.boolean(),
});
export type Assignment = z.infer<typeof Assignment>;

/** Above any context there is; what is asked beyond a model's own context ends at that. */
export const maxTokensLimit = 1_048_576;

export const Sampling = z.strictObject({
  temperature: z.number().min(0).max(2).default(0),
  topP: z.number().gt(0).max(1).default(1),
  topK: z.int().min(0).default(0),
  minP: z.number().min(0).max(1).default(0),
  repetitionPenalty: z.number().min(0.1).max(10).default(1),
  /** Same seed, same prompt, same shard plan: same tokens. */
  seed: z.int().min(0).max(0xffff_ffff).default(0),
  maxTokens: z.int().min(1).max(maxTokensLimit).default(256),
  /** The answer ends before the first of these. */
  stop: z.array(z.string().min(1)).max(16).default([]),
});
export type Sampling = z.infer<typeof Sampling>;

export const ChatMessage = z.object({ role: z.string().min(1), content: z.string() });
export type ChatMessage = z.infer<typeof ChatMessage>;

export const TaskOrder = z.strictObject({
  taskId: TaskId,
  commandId: CommandId,
  messages: z.array(ChatMessage).min(1),
  sampling: Sampling,
  deadlineMs: z.int().positive(),
});
export type TaskOrder = z.infer<typeof TaskOrder>;

/** Plane → runner, over the child's IPC channel. */
export const ToRunner = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('assign'), assignment: Assignment }),
  z.strictObject({ type: z.literal('task'), task: TaskOrder }),
  z.strictObject({ type: z.literal('cancel'), taskId: TaskId }),
  z.strictObject({ type: z.literal('inject'), fault: Fault }),
  z.strictObject({ type: z.literal('capture'), requestId: z.string() }),
  /** With a reason the group is lost (a peer died): the rank records that and fails. Without one the end is wanted. */
  z.strictObject({ type: z.literal('shutdown'), reason: z.string().nullable().default(null) }),
]);
export type ToRunner = z.infer<typeof ToRunner>;

export const failureClasses = [
  'native_unavailable',
  'model_invalid',
  'connect_failed',
  'peer_lost',
  'collective_deadline',
  'task_deadline',
  'prompt_too_long',
  'bad_request',
  'injected',
  'out_of_memory',
  'internal',
] as const;
export const FailureClass = z.enum(failureClasses);
export type FailureClass = z.infer<typeof FailureClass>;

export const FinishReason = z.enum(['stop', 'length', 'cancelled']);
export type FinishReason = z.infer<typeof FinishReason>;

export const TokenUsage = z.object({ promptTokens: z.int(), cachedTokens: z.int(), completionTokens: z.int() });
export type TokenUsage = z.infer<typeof TokenUsage>;

/** Runner → plane. Heartbeat, phase and memory are not here: a stuck process sends nothing, so they are in its file. */
export const FromRunner = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('status'),
    status: RunnerStatusKind,
    detail: z.string().nullable(),
    progress: z.object({ done: z.int(), total: z.int() }).nullable(),
  }),
  /** From the one rank that samples. `text` may be empty while a character is not whole yet. */
  z.object({ type: z.literal('token'), taskId: TaskId, text: z.string(), tokens: z.int() }),
  /** From every rank; `usage` counts what this rank saw. */
  z.object({
    type: z.literal('done'),
    taskId: TaskId,
    finishReason: FinishReason,
    usage: TokenUsage,
    samples: z.boolean(),
  }),
  /** With a taskId the task failed and the rank goes on; without one the rank is about to exit. */
  z.object({ type: z.literal('failed'), taskId: TaskId.nullable(), class: FailureClass, message: z.string() }),
  z.object({ type: z.literal('captured'), requestId: z.string(), memory: MlxMemorySnapshot.nullable() }),
]);
export type FromRunner = z.infer<typeof FromRunner>;

/** What a runner's exit code says. Others (and signals) are deaths. */
export const runnerExitCodes = {
  clean: 0,
  internal: 1,
  badAssignment: 2,
  nativeUnavailable: 10,
  modelInvalid: 11,
  connectFailed: 12,
  peerLost: 13,
  collectiveDeadline: 14,
  injected: 15,
  outOfMemory: 16,
  channelClosed: 17,
} as const;
