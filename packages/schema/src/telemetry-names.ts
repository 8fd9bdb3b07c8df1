/**
 * Names of what Rankscope sends and reads as OpenTelemetry, in one place for the exporter, the intake and the public
 * convention page (`packages/telemetry/CONVENTION.md`). A runtime in any language that sends spans with these names is
 * shown as a rank.
 */
export const resourceNames = {
  serviceName: 'service.name',
  serviceInstanceId: 'service.instance.id',
  hostName: 'host.name',
  pid: 'process.pid',
} as const;

/** `service.name` of a rank, and of a plane. */
export const serviceNames = { runner: 'rankscope-runner', plane: 'rankscope-plane' } as const;

/** Attributes of a rank's resource, or of its spans: where both are given the span's counts. */
export const rankAttributes = {
  nodeId: 'rankscope.node.id',
  runnerId: 'rankscope.runner.id',
  instanceId: 'rankscope.instance.id',
  modelId: 'rankscope.model.id',
  rank: 'rankscope.rank',
  worldSize: 'rankscope.world_size',
  attempt: 'rankscope.attempt',
} as const;

/** Attributes of a span or a log record of a rank. */
export const spanAttributes = {
  phase: 'rankscope.phase',
  /** `anchor`, `in_progress`, `lost`; absent on a finished phase. */
  state: 'rankscope.span.state',
  stallCount: 'rankscope.stall.count',
  seq: 'rankscope.seq',
  taskId: 'rankscope.task.id',
  commandId: 'rankscope.command.id',
  group: 'rankscope.group',
  barrierSeq: 'rankscope.barrier.seq',
  op: 'rankscope.op',
  layer: 'rankscope.layer',
  bytes: 'rankscope.bytes',
  dtype: 'rankscope.dtype',
  peer: 'rankscope.peer',
  detail: 'rankscope.detail',
  memoryActive: 'rankscope.mlx.memory.active',
  memoryCache: 'rankscope.mlx.memory.cache',
  memoryPeak: 'rankscope.mlx.memory.peak',
  errorType: 'error.type',
} as const;

export const spanStates = { anchor: 'anchor', inProgress: 'in_progress', lost: 'lost' } as const;

/** What a span's end says when nobody lived to record it. */
export const lostSpanErrors = ['killed', 'killed_after_hang', 'exited', 'peer_lost'] as const;
export type LostSpanError = (typeof lostSpanErrors)[number];

/** Event names of OTLP log records. */
export const logEvents = {
  phaseStalled: 'rankscope.phase.stalled',
  rankLost: 'rankscope.rank.lost',
  verdict: 'rankscope.verdict',
} as const;
