import { join } from 'node:path';
import type { Env } from './find-go.ts';
import { repositoryRoot } from './repository-root.ts';
import type { PartPlan } from './start-part.ts';

export const collectorConfig = join(repositoryRoot, 'otel/collector.yaml');

/** Port names of a Collector, with the defaults of otel/collector.yaml. */
export const collectorPorts = {
  collectorOtlpGrpc: 4317,
  collectorOtlpHttp: 4318,
  collectorHealth: 13_133,
  collectorMetrics: 8888,
} as const;

export interface CollectorPlan {
  readonly program: string;
  readonly ports: Readonly<Record<keyof typeof collectorPorts, number>>;
  readonly queueDir: string;
  /** Where an OTLP receiver that stands for the leading plane listens: `http://127.0.0.1:52500`. */
  readonly planeUrl: string;
  /** Port of a trace store that takes OTLP over gRPC; null when there is none. */
  readonly jaegerPort: number | null;
  readonly env: Env;
}

export function planCollector({ program, ports, queueDir, planeUrl, jaegerPort, env }: CollectorPlan): PartPlan {
  // The pipeline stays and leads nowhere: a configuration can be added to, not taken from.
  const nowhere = 'yaml:{exporters: {nop: {}}, service: {pipelines: {traces/jaeger: {exporters: [nop]}}}}';
  return {
    name: 'Collector',
    program,
    args: ['--config', collectorConfig, ...(jaegerPort === null ? ['--config', nowhere] : [])],
    env: {
      ...env,
      COLLECTOR_OTLP_GRPC: `127.0.0.1:${ports.collectorOtlpGrpc}`,
      COLLECTOR_OTLP_HTTP: `127.0.0.1:${ports.collectorOtlpHttp}`,
      COLLECTOR_HEALTH: `127.0.0.1:${ports.collectorHealth}`,
      COLLECTOR_METRICS_PORT: String(ports.collectorMetrics),
      COLLECTOR_QUEUE: queueDir,
      COLLECTOR_PLANE: planeUrl,
      ...(jaegerPort !== null && { COLLECTOR_JAEGER: `127.0.0.1:${jaegerPort}` }),
    },
    healthUrl: `http://127.0.0.1:${ports.collectorHealth}/`,
  };
}
