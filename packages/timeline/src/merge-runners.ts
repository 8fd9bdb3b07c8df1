import type { ClusterTimelineRunner, NodeDiagnostics, RunnerSupervisorDiagnostics } from '@rankscope/schema';
import { compareText } from './entry-order.ts';
import { canonicalTimestamp } from './instant.ts';
import type { Answered } from './merge-nodes.ts';

export interface MergedRunner {
  /** As its newest report has it. */
  readonly runner: RunnerSupervisorDiagnostics;
  readonly diagnostics: NodeDiagnostics;
  /** One recorder a report, the newest report first. */
  readonly recorders: readonly RunnerSupervisorDiagnostics['flightRecorder'][];
}

/** Every runner once, sorted by (model, rank, runner). A runner's own node is believed before any other. */
export function mergeRunners(answered: readonly Answered[]): MergedRunner[] {
  const reports = answered.flatMap(({ nodeId, diagnostics }) =>
    diagnostics.supervisorRunners.map((runner) => ({ runner, diagnostics, owned: runner.nodeId === nodeId })),
  );
  const merged = new Map<string, MergedRunner & { recorders: RunnerSupervisorDiagnostics['flightRecorder'][] }>();
  for (const { runner, diagnostics } of [...reports.filter((r) => r.owned), ...reports.filter((r) => !r.owned)]) {
    const known = merged.get(runner.runnerId);
    if (known) known.recorders.push(runner.flightRecorder);
    else merged.set(runner.runnerId, { runner, diagnostics, recorders: [runner.flightRecorder] });
  }
  return [...merged.values()].sort(
    ({ runner: a }, { runner: b }) =>
      compareText(a.modelId, b.modelId) || a.deviceRank - b.deviceRank || compareText(a.runnerId, b.runnerId),
  );
}

/** Field by field the published shape: what a node says beyond it has its place in the analysis. */
export function synopsisOf(runner: RunnerSupervisorDiagnostics): ClusterTimelineRunner {
  return {
    nodeId: runner.nodeId,
    runnerId: runner.runnerId,
    instanceId: runner.instanceId,
    modelId: runner.modelId,
    deviceRank: runner.deviceRank,
    worldSize: runner.worldSize,
    pid: runner.pid,
    processAlive: runner.processAlive,
    statusKind: runner.statusKind,
    phase: runner.phase,
    phaseDetail: runner.phaseDetail,
    secondsInPhase: Math.max(0, runner.secondsInPhase),
    lastProgressAt: runner.lastProgressAt === null ? null : canonicalTimestamp(runner.lastProgressAt),
    activeTaskId: runner.activeTaskId,
    activeCommandId: runner.activeCommandId,
    lastMlxMemory: runner.lastMlxMemory,
  };
}
