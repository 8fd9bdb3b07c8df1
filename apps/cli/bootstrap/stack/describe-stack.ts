import type { StackFacts } from './plan-parts.ts';
import { planeHostOf } from './plan-stack.ts';

/** Rows of the table of addresses: what, where, and what to know of it. */
export function describeStack({ parts, ports, settings, stackDir }: StackFacts): string[][] {
  const at = (port: number, path = '') => `http://127.0.0.1:${port}${path}`;
  const { jaeger, collector, prometheus } = parts;
  return [
    ['Rankscope', `http://${planeHostOf(settings)}:${ports.plane}`, 'page and API'],
    ...(jaeger.kind === 'ready'
      ? [
          ['Jaeger', at(ports.jaegerUi), 'JSON API: /api/traces, /api/v3/traces; no page in a build from its module'],
          ['', `127.0.0.1:${ports.jaegerOtlpGrpc}`, 'OTLP over gRPC'],
        ]
      : [['Jaeger', '-', jaeger.reason]]),
    prometheus.kind === 'ready'
      ? ['Prometheus', at(ports.prometheus), 'page and API']
      : ['Prometheus', '-', prometheus.reason],
    ...(collector.kind === 'ready'
      ? [
          ['Collector', at(ports.collectorOtlpHttp), 'OTLP over HTTP: OTEL_EXPORTER_OTLP_ENDPOINT of other runtimes'],
          ['', `127.0.0.1:${ports.collectorOtlpGrpc}`, 'OTLP over gRPC'],
          ['', at(ports.collectorHealth), 'health'],
          ['', at(ports.collectorMetrics, '/metrics'), 'what it sent, refused and keeps'],
        ]
      : [['Collector', '-', collector.reason]]),
    ['Files', stackDir, 'queue of the Collector, history of Prometheus'],
  ];
}
