import type { Registry } from 'prom-client';
import { formatLabels, type MetricFamily } from './exposition.ts';
import type { MetricSource } from './metric-source.ts';

/** The event loop's delay is looked at so often; every 10 ms, as is usual, would wake a resting plane all the time. */
const delayResolutionMs = 100;

/**
 * The process of this plane, by prom-client's usual names. Its monitors of garbage collection and of the event loop
 * cannot be stopped again, so they are begun with the first scrape and once in a process, however many planes it opens.
 */
export const processMetrics: MetricSource = {
  name: 'process',
  async collect(sink) {
    opened ??= openRegistry();
    const registry = await opened;
    for (const { name, help, type, values } of await registry.getMetricsAsJSON()) {
      // Some of its gauges end like counters, which Prometheus' own checker refuses; they repeat others by type.
      if (String(type) === 'gauge' && name.endsWith('_total')) continue;
      sink.family(familyOf({ name, help, type: String(type), values }));
    }
  },
};

let opened: Promise<Registry> | null = null;

async function openRegistry(): Promise<Registry> {
  const { Registry, collectDefaultMetrics } = await import('prom-client');
  const register = new Registry();
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: delayResolutionMs });
  return register;
}

interface Described {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly Value[];
}

/** `metricName` is that of a histogram's part. */
interface Value {
  readonly metricName?: string;
  readonly labels: Partial<Record<string, string | number>>;
  readonly value: number;
}

function familyOf({ name, help, type, values }: Described): MetricFamily {
  const samples = values.map(({ metricName = name, labels, value }) => ({
    name: metricName,
    labels: formatLabels(labels),
    value,
  }));
  return { name, kind: type, help, samples };
}
