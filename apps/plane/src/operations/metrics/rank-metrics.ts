import { parseTimestampUs, type RunnerSupervisorDiagnostics, runnerPhases } from '@rankscope/schema';
import type { NodeView } from '../../node/expose/node-view.ts';
import type { MetricLabels, MetricSink, MetricSource } from './metric-source.ts';

export interface RankMetricsOptions {
  readonly nodeId: string;
  readonly view: NodeView;
  /** Tokens that a rank has sampled. */
  readonly tokensOf: (rank: number) => number;
}

/** The ranks of this machine, and the machine. A rank that has ended is told of only by being counted as ended. */
export function rankMetrics({ nodeId, view, tokensOf }: RankMetricsOptions): MetricSource {
  return {
    name: 'ranks',
    collect(sink) {
      const { supervisorRunners, resources } = view.diagnose(0);
      for (const runner of supervisorRunners) if (runner.processAlive) tellRank(sink, runner, tokensOf);
      for (const ranks of Map.groupBy(supervisorRunners, ({ instanceId }) => instanceId).values())
        tellInstance(sink, ranks);
      sink.set('nodeMemoryTotal', { node: nodeId }, resources.currentMemory?.ramTotal.inBytes);
      sink.set('nodeMemoryAvailable', { node: nodeId }, resources.currentMemory?.ramAvailable.inBytes);
    },
  };
}

/** The labels of a rank, in every metric that speaks of one. */
export function labelsOfRank(runner: RankIdentity): MetricLabels {
  const { nodeId, instanceId, modelId, deviceRank } = runner;
  return { node: nodeId, instance_id: instanceId, model: modelId, rank: String(deviceRank) };
}

type RankIdentity = Pick<RunnerSupervisorDiagnostics, 'nodeId' | 'instanceId' | 'modelId' | 'deviceRank'>;

function tellRank(sink: MetricSink, runner: RunnerSupervisorDiagnostics, tokensOf: (rank: number) => number): void {
  const { lastMlxMemory: memory, rankscope: extras } = runner;
  const labels = labelsOfRank(runner);
  sink.set('mlxMemoryActive', labels, memory?.active?.inBytes);
  sink.set('mlxMemoryCache', labels, memory?.cache?.inBytes);
  sink.set('mlxMemoryPeak', labels, memory?.peak?.inBytes);
  sink.set('mlxMemoryWiredLimit', labels, memory?.wiredLimit?.inBytes);
  for (const phase of runnerPhases) sink.set('runnerPhase', { ...labels, phase }, Number(phase === runner.phase));
  sink.set('phaseStart', labels, parseTimestampUs(runner.phaseStartedAt) / 1e6);
  sink.set('secondsSinceProgress', labels, extras?.secondsSinceProgress);
  sink.set('collectiveOpen', labels, extras?.openSite?.seconds ?? 0);
  sink.set('runnerUp', labels, 1);
  sink.set('tokens', labels, tokensOf(runner.deviceRank));
  sink.set('recorderEntries', labels, (extras?.ringLastSeq ?? -1) + 1);
  sink.set('recorderDropped', labels, extras?.dropped ?? 0);
}

/** What the instance should have stays told when its ranks are gone: otherwise nobody could see that they are. */
function tellInstance(sink: MetricSink, ranks: readonly RunnerSupervisorDiagnostics[]): void {
  const [first] = ranks;
  if (first === undefined) return;
  const labels = labelsOfRank(first);
  sink.set('worldSize', labels, first.worldSize);
  sink.set('endedRanks', labels, ranks.filter(({ processAlive }) => !processAlive).length);
}
