import type { ClusterTimelineRunner, NodeDiagnostics, RunnerSupervisorDiagnostics } from '@rankscope/schema';
import { compareText } from './entry-order.ts';
import { canonicalTimestamp } from './instant.ts';
import type { Answered, Silent } from './merge-nodes.ts';

export interface MergedRunner {
  /** As its newest report has it. */
  readonly runner: RunnerSupervisorDiagnostics;
  readonly diagnostics: NodeDiagnostics;
  /** One recorder a report, the newest report first. */
  readonly recorders: readonly RunnerSupervisorDiagnostics['flightRecorder'][];
  /** Nobody answered for it: the report is what was kept. */
  readonly stale: boolean;
}

/**
 * Every runner once, sorted by (model, rank, runner). A runner's own node is believed before any other, and anybody who
 * answered before what was kept of a node that did not.
 */
export function mergeRunners(answered: readonly Answered[], silent: readonly Silent[] = []): MergedRunner[] {
  const heard = answered.flatMap(({ nodeId, diagnostics }) =>
    diagnostics.supervisorRunners.map((runner) => ({
      runner,
      diagnostics,
      owned: runner.nodeId === nodeId,
      stale: false,
    })),
  );
  const kept = silent.flatMap(({ lastWords }) =>
    (lastWords?.supervisorRunners ?? []).flatMap((runner) =>
      lastWords === undefined ? [] : [{ runner, diagnostics: lastWords, owned: false, stale: true }],
    ),
  );
  const merged = new Map<string, MergedRunner & { recorders: RunnerSupervisorDiagnostics['flightRecorder'][] }>();
  const reports = [...heard.filter((r) => r.owned), ...heard.filter((r) => !r.owned), ...kept];
  for (const { runner, diagnostics, stale } of reports) {
    const known = merged.get(runner.runnerId);
    if (known) known.recorders.push(runner.flightRecorder);
    else merged.set(runner.runnerId, { runner, diagnostics, recorders: [runner.flightRecorder], stale });
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
