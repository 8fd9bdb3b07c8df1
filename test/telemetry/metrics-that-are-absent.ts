import type { MetricKey } from '@rankscope/schema';

const noEndpoint = 'these planes were told of no OTLP endpoint';
const nobodySends = 'nobody sends telemetry to these planes';

/**
 * Metrics that the dashboards ask for and that a plane on this machine does not have, with the reason. What asks for one
 * of them is expected to find nothing; when it does find something, its line here has outlived its reason.
 */
export const metricsThatAreAbsent: Partial<Record<MetricKey, string>> = {
  mlxMemoryWiredLimit: 'MLX has no wired limit on Linux',
  otlpExportSent: noEndpoint,
  otlpExportDropped: noEndpoint,
  otlpExportFailed: noEndpoint,
  otlpExportQueued: noEndpoint,
  otlpIntakeAccepted: nobodySends,
  otlpIntakeRejected: nobodySends,
  otlpIntakeIgnored: nobodySends,
  otlpIntakeDoubled: nobodySends,
};
