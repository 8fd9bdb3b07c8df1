import type { NodeExportFacts } from '../../node/export/node-export.ts';
import { factsSource } from './facts-source.ts';
import type { MetricSource } from './metric-source.ts';

/** What became of the telemetry that left this plane: traces and logs together. Nothing where none leaves. */
export function exportMetrics(nodeId: string, facts: () => NodeExportFacts | null): MetricSource {
  return factsSource({
    name: 'export',
    nodeId,
    facts: () => {
      const signals = [facts()?.traces, facts()?.logs].filter((signal) => signal !== null && signal !== undefined);
      const sum = (key: 'exported' | 'dropped' | 'failed' | 'queued') =>
        signals.length === 0 ? null : signals.reduce((total, signal) => total + signal[key], 0);
      return { sent: sum('exported'), dropped: sum('dropped'), failed: sum('failed'), queued: sum('queued') };
    },
    metrics: {
      sent: 'otlpExportSent',
      dropped: 'otlpExportDropped',
      failed: 'otlpExportFailed',
      queued: 'otlpExportQueued',
    },
  });
}
