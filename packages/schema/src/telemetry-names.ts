/**
 * Names of what Rankscope sends and reads as OpenTelemetry, in one place for the exporter, the intake and the public
 * convention page (`packages/telemetry/CONVENTION.md`). A runtime in any language that sends spans with these names is
 * shown as a rank.
 */
export const resourceNames = {
  serviceName: 'service.name',
  /** UUIDv5 of {@link serviceIdNamespace} and the runner's id, so that whoever speaks for a rank says the same. */
  serviceInstanceId: 'service.instance.id',
  serviceVersion: 'service.version',
  hostName: 'host.name',
  hostArch: 'host.arch',
  pid: 'process.pid',
  runtimeName: 'process.runtime.name',
  runtimeVersion: 'process.runtime.version',
} as const;

/** A random UUID that stands for nothing but the ids made with it. */
export const serviceIdNamespace = '6f0f1d0a-3c1b-4a57-9a4f-2b3f7c1e9d84';

/** The instrumentation scope of everything that a recorder became. */
export const recorderScope = 'rankscope.recorder';
/** … and of a plane's own work. */
export const planeScope = 'rankscope.plane';

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
  /** On a marker its number, on the real span how many were due in its time. */
  stallCount: 'rankscope.stall.count',
  /** Number of the recorder's entry with which the span begins. */
  seq: 'rankscope.seq',
  taskId: 'rankscope.task.id',
  commandId: 'rankscope.command.id',
  group: 'rankscope.group',
  /** Ordinal of the collective in which the rank stands, or of the last one that it left within the span. */
  barrierSeq: 'rankscope.barrier.seq',
  /** Only while the span is not over and the rank is inside no collective: the last one of group 0 that it left. */
  barrierLeft: 'rankscope.barrier.left',
  op: 'rankscope.op',
  layer: 'rankscope.layer',
  bytes: 'rankscope.bytes',
  dtype: 'rankscope.dtype',
  peer: 'rankscope.peer',
  detail: 'rankscope.detail',
  finishReason: 'rankscope.finish_reason',
  memoryActive: 'rankscope.mlx.memory.active',
  memoryCache: 'rankscope.mlx.memory.cache',
  memoryPeak: 'rankscope.mlx.memory.peak',
  errorType: 'error.type',
} as const;

export const spanStates = { anchor: 'anchor', inProgress: 'in_progress', lost: 'lost' } as const;

/** Names of the spans that are not named after a phase. */
export const spanNames = {
  command: (kind: string) => `command ${kind}`,
  instance: (id: string, attempt: number) => `instance ${id} attempt ${attempt}`,
  rank: (rank: number) => `rank ${rank}`,
  task: 'task',
  inProgress: (phase: string) => `${phase} (in progress)`,
} as const;

/** What a span's end says when nobody lived to record it. */
export const lostSpanErrors = ['killed', 'killed_after_hang', 'exited', 'peer_lost'] as const;
export type LostSpanError = (typeof lostSpanErrors)[number];

/** Event names of OTLP log records. */
export const logEvents = {
  phaseStalled: 'rankscope.phase.stalled',
  rankLost: 'rankscope.rank.lost',
  verdict: 'rankscope.verdict',
} as const;

/** Attributes of the plane's own spans, by OpenTelemetry's semantic conventions; `gen_ai.*` on the serving span only. */
export const planeAttributes = {
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  urlPath: 'url.path',
  nodesAsked: 'rankscope.nodes.asked',
  nodesSilent: 'rankscope.nodes.silent',
  genAiOperation: 'gen_ai.operation.name',
  genAiProvider: 'gen_ai.provider.name',
  genAiRequestModel: 'gen_ai.request.model',
  genAiMaxTokens: 'gen_ai.request.max_tokens',
  genAiTemperature: 'gen_ai.request.temperature',
  genAiFinishReasons: 'gen_ai.response.finish_reasons',
  genAiInputTokens: 'gen_ai.usage.input_tokens',
  genAiOutputTokens: 'gen_ai.usage.output_tokens',
} as const;
