import type { Cluster } from '../../cluster/gather/gather.ts';
import type { MetricSource } from './metric-source.ts';

export interface ClusterMetricsOptions {
  readonly cluster: Cluster;
  readonly nowMs: () => number;
}

/** Often enough for an alert, and no load: a question without entries costs each node a millisecond. */
const askAgainMs = 10_000;

/**
 * How this plane sees the others. Nobody may have looked at the cluster for hours, so a scrape has it asked anew, and
 * does not wait for the answers: a dead node would cost every scrape its deadline. They are in the next one.
 */
export function clusterMetrics({ cluster, nowMs }: ClusterMetricsOptions): MetricSource {
  const { localNodeId, clocks } = cluster;
  let askedAtMs = Number.NEGATIVE_INFINITY;

  const askAgain = () => {
    // Where another plane leads it asks everybody; that all ask all would be a square of questions for one answer.
    const leads = cluster.masterNodeId === null || cluster.masterNodeId === localNodeId;
    if (!leads || cluster.peers().length === 0 || nowMs() - askedAtMs < askAgainMs) return;
    askedAtMs = nowMs();
    // What fails is this machine's own view, and the ranks' metrics fail by it too, where it is told.
    cluster.gather(0).catch(() => undefined);
  };
  return {
    name: 'cluster',
    collect(sink) {
      sink.set('nodeReachable', { node: localNodeId }, 1);
      for (const [node, answered] of cluster.lastGather.reachable)
        sink.set('nodeReachable', { node }, Number(answered));
      sink.set('gatherDuration', { node: localNodeId }, cluster.lastGather.seconds);
      for (const [node, { offsetSeconds, uncertaintySeconds }] of clocks.all()) {
        if (node === localNodeId) continue;
        sink.set('clockOffset', { node }, offsetSeconds);
        sink.set('clockUncertainty', { node }, uncertaintySeconds);
      }
      askAgain();
    },
  };
}
