import { Attrs } from './cluster-timeline.ts';
import { Memory, MlxMemorySnapshot } from './mlx-memory.ts';
import { RunnerExtras } from './runner-extras.ts';
import { Timestamp } from './timestamp.ts';
import { z } from './zod.ts';

const nullable = <T extends z.ZodType>(type: T) => type.nullable().default(null);

export const RunnerContext = z.looseObject({
  nodeId: z.string(),
  runnerId: z.string(),
  pid: nullable(z.int()),
  instanceId: z.string(),
  modelId: z.string(),
  rank: z.int(),
  worldSize: z.int(),
  startLayer: z.int(),
  endLayer: z.int(),
  nLayers: z.int(),
});

export const FlightEntry = z
  .looseObject({
    at: Timestamp,
    phase: z.string().min(1),
    event: z.string(),
    detail: nullable(z.string()),
    attrs: Attrs.default({}),
    context: RunnerContext.nullable().default(null),
    taskId: nullable(z.string()),
    commandId: nullable(z.string()),
    mlxMemory: nullable(MlxMemorySnapshot),
  })
  .meta({ id: 'FlightEntry' });
export type FlightEntry = z.infer<typeof FlightEntry>;

/** One runner as its supervisor knows it, with what its recorder says. Field names as Skulk serves them. */
export const RunnerSupervisorDiagnostics = z
  .looseObject({
    runnerId: z.string(),
    instanceId: z.string(),
    nodeId: z.string(),
    modelId: z.string(),
    deviceRank: z.int(),
    worldSize: z.int(),
    startLayer: z.int(),
    endLayer: z.int(),
    nLayers: z.int(),
    pid: nullable(z.int()),
    processAlive: z.boolean(),
    exitCode: nullable(z.int()),
    statusKind: z.string(),
    statusSince: Timestamp,
    secondsInStatus: z.number(),
    phase: z.string().min(1),
    phaseStartedAt: Timestamp,
    secondsInPhase: z.number(),
    lastProgressAt: nullable(Timestamp),
    activeTaskId: nullable(z.string()),
    activeCommandId: nullable(z.string()),
    phaseDetail: nullable(z.string()),
    lastMlxMemory: nullable(MlxMemorySnapshot),
    flightRecorder: z.array(FlightEntry).default([]),
    pendingTaskIds: z.array(z.string()).default([]),
    completedTaskCount: z.int().default(0),
    cancelledTaskIds: z.array(z.string()).default([]),
    rankscope: RunnerExtras.nullable().default(null),
  })
  .meta({ id: 'RunnerSupervisorDiagnostics' });
export type RunnerSupervisorDiagnostics = z.infer<typeof RunnerSupervisorDiagnostics>;

export const DiagnosticsProcess = z.looseObject({
  pid: z.int(),
  parentPid: nullable(z.int()),
  role: z.string(),
  command: z.string(),
  status: nullable(z.string()),
  cpuPercent: nullable(z.number()),
  memoryPercent: nullable(z.number()),
  rss: nullable(Memory),
  elapsedSeconds: nullable(z.number()),
});
export type DiagnosticsProcess = z.infer<typeof DiagnosticsProcess>;

export const NodeDiagnostics = z
  .looseObject({
    generatedAt: Timestamp,
    runtime: z.looseObject({
      nodeId: z.string(),
      hostname: z.string(),
      friendlyName: nullable(z.string()),
      isMaster: z.boolean(),
      masterNodeId: nullable(z.string()),
      cwd: z.string(),
      rankscopeVersion: z.string().nullable().default(null),
      bootId: z.string().nullable().default(null),
    }),
    identity: z
      .looseObject({ friendlyName: z.string(), osVersion: z.string(), chipId: z.string() })
      .nullable()
      .default(null),
    resources: z.looseObject({
      currentMemory: nullable(
        z.looseObject({ ramTotal: Memory, ramAvailable: Memory, swapTotal: Memory, swapAvailable: Memory }),
      ),
    }),
    processes: z.array(DiagnosticsProcess).default([]),
    supervisorRunners: z.array(RunnerSupervisorDiagnostics).default([]),
    warnings: z.array(z.string()).default([]),
  })
  .meta({ id: 'NodeDiagnostics' });
export type NodeDiagnostics = z.infer<typeof NodeDiagnostics>;

export const NodeDiagnosticsQuery = z.strictObject({
  limit: z.coerce
    .number<string | number>()
    .int()
    .min(0)
    .max(65_536)
    .default(1024)
    .describe('newest entries per runner'),
});
export type NodeDiagnosticsQuery = z.infer<typeof NodeDiagnosticsQuery>;

export const ClusterNode = z
  .object({
    nodeId: z.string(),
    url: z.string().nullable(),
    ok: z.boolean(),
    diagnostics: NodeDiagnostics.nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: 'ClusterNode' });
export type ClusterNode = z.infer<typeof ClusterNode>;

export const ClusterDiagnostics = z
  .object({
    generatedAt: Timestamp,
    localNodeId: z.string(),
    masterNodeId: z.string().nullable(),
    nodes: z.array(ClusterNode),
  })
  .meta({ id: 'ClusterDiagnostics' });
export type ClusterDiagnostics = z.infer<typeof ClusterDiagnostics>;
