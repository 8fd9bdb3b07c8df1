import type { Clock, Log } from '@rankscope/daemon';
import type { Cluster } from '../../cluster/gather/gather.ts';
import type { Durations } from '../../node/expose/durations.ts';
import type { NodeView } from '../../node/expose/node-view.ts';
import type { Serving } from '../context.ts';
import { clusterMetrics } from './cluster-metrics.ts';
import { durationMetrics } from './duration-metrics.ts';
import type { MetricSource } from './metric-source.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { processMetrics } from './process-metrics.ts';
import { rankMetrics } from './rank-metrics.ts';

export interface PlaneMetricsOptions {
  readonly nodeId: string;
  readonly view: NodeView;
  readonly durations: Durations;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly serving: () => Serving | null;
  /** Of the rooms that this plane has besides: exporter, intake, store, tail. */
  readonly rooms?: readonly MetricSource[];
}

/** All that this plane has figures of. A new room adds a source to `rooms`, and nothing else. */
export function planeMetrics(options: PlaneMetricsOptions): Metrics {
  const { nodeId, view, durations, cluster, clock, log, nowMs, serving, rooms = [] } = options;
  const runners = () => serving()?.instance.runners ?? [];
  const sources = [
    rankMetrics({ nodeId, view, tokensOf: (rank) => runners()[rank]?.facts.tokens ?? 0 }),
    durationMetrics({ durations, runners, wallAtNs: clock.wallAtNs }),
    clusterMetrics({ cluster, nowMs }),
    ...rooms,
    processMetrics,
  ];
  return createMetrics({ nodeId, sources, log });
}
