import {
  addEntry,
  type ClusterAnalysis,
  type ClusterTimeline,
  type ClusterTimelineRunner,
  EntryBatchBuilder,
  parseTimestampUs,
} from '@rankscope/schema';
import type { DiagnosedNode, DiagnosedRunner, DiagnosisInput } from './diagnosis-input.ts';

/**
 * A timeline, of our own plane or of another producer, as something to diagnose. Without an analysis beside it (attempts,
 * exit codes, progress by the node's own clock) the verdict rests on less and says so.
 */
export function inputOfTimeline(timeline: ClusterTimeline, analysis: ClusterAnalysis | null = null): DiagnosisInput {
  const nowUs = parseTimestampUs(timeline.generatedAt);
  const more = new Map(analysis?.runners.map((row) => [row.runnerId, row]));
  const silent = new Set(timeline.unreachableNodes.map(({ nodeId }) => nodeId));
  const nodes: DiagnosedNode[] = [...new Set(timeline.runners.map(({ nodeId }) => nodeId))]
    .filter((nodeId) => !silent.has(nodeId))
    .map((nodeId) => ({ nodeId, reachable: true, unreachableSinceUs: null, uncertaintyUs: null }));
  for (const nodeId of silent) nodes.push({ nodeId, reachable: false, unreachableSinceUs: null, uncertaintyUs: null });
  return {
    nowUs,
    localNodeId: timeline.localNodeId,
    masterNodeId: timeline.masterNodeId,
    runners: timeline.runners.map((runner) => runnerOf(runner, more.get(runner.runnerId), silent, nowUs)),
    nodes,
    expected: [],
    entries: [batchOf(timeline)],
  };
}

function runnerOf(
  runner: ClusterTimelineRunner,
  more: ClusterAnalysis['runners'][number] | undefined,
  silent: ReadonlySet<string>,
  nowUs: number,
): DiagnosedRunner {
  const { nodeId, runnerId, instanceId, modelId, worldSize, processAlive, statusKind, phase, secondsInPhase } = runner;
  return {
    nodeId,
    runnerId,
    instanceId,
    modelId,
    worldSize,
    processAlive,
    statusKind,
    phase,
    secondsInPhase,
    rank: runner.deviceRank,
    attempt: more?.attempt ?? 1,
    exitCode: more?.exitCode ?? null,
    exitSignal: more?.exitSignal ?? null,
    errorMessage: more?.errorMessage ?? null,
    secondsSinceProgress: more?.secondsSinceProgress ?? null,
    taskId: runner.activeTaskId,
    memoryActive: runner.lastMlxMemory?.active?.inBytes ?? null,
    memoryWiredLimit: runner.lastMlxMemory?.wiredLimit?.inBytes ?? null,
    heardAtUs: nowUs,
    stale: more?.stale ?? silent.has(nodeId),
    ringFirstSeq: more?.ringFirstSeq ?? null,
    dropped: more?.dropped ?? 0,
    witness: null,
  };
}

function batchOf({ runners, timeline }: ClusterTimeline) {
  const known = new Map(runners.map((runner) => [runner.runnerId, runner]));
  const builder = new EntryBatchBuilder(Math.max(1, timeline.length));
  for (const entry of timeline) {
    const runner = known.get(entry.runnerId);
    const source = builder.source({
      nodeId: entry.nodeId,
      runnerId: entry.runnerId,
      instanceId: runner?.instanceId ?? '',
      modelId: runner?.modelId ?? '',
      deviceRank: entry.deviceRank,
      worldSize: entry.worldSize,
      attempt: 1,
      recorder: entry.attrs.source === 'supervisor' ? 'supervisor' : '',
    });
    addEntry(builder, source, entry);
  }
  return builder.build();
}
