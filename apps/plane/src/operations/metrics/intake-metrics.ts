import type { IntakeFacts } from '../../control/intake/intake-facts.ts';
import { factsSource } from './facts-source.ts';
import type { MetricSource } from './metric-source.ts';

/** What became of telemetry that was sent here: spans and log records together. Nothing before the first request. */
export function intakeMetrics(nodeId: string, facts: () => IntakeFacts | null): MetricSource {
  return factsSource({
    name: 'intake',
    nodeId,
    facts: () => {
      const known = facts();
      const sum = (...keys: readonly (keyof IntakeFacts['spans'])[]) =>
        known === null ? null : keys.reduce((total, key) => total + known.spans[key] + known.logs[key], 0);
      return {
        accepted: sum('shown'),
        rejected: sum('rejected'),
        ignored: sum('notRanks', 'notPhases'),
        doubled: sum('doubles', 'repeated'),
      };
    },
    metrics: {
      accepted: 'otlpIntakeAccepted',
      rejected: 'otlpIntakeRejected',
      ignored: 'otlpIntakeIgnored',
      doubled: 'otlpIntakeDoubled',
    },
  });
}
