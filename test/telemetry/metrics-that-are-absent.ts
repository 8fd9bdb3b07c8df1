import type { MetricKey } from '@rankscope/schema';

const noRoom = 'this plane has no such room yet';

/**
 * Metrics that the dashboards ask for and that a plane on this machine does not have, with the reason. What asks for one
 * of them is expected to find nothing; when it does find something, its line here has outlived its reason.
 */
export const metricsThatAreAbsent: Partial<Record<MetricKey, string>> = {
  mlxMemoryWiredLimit: 'MLX has no wired limit on Linux',
  otlpExportSent: noRoom,
  otlpExportDropped: noRoom,
  otlpExportFailed: noRoom,
  otlpExportQueued: noRoom,
  otlpIntakeAccepted: noRoom,
  otlpIntakeRejected: noRoom,
  otlpIntakeIgnored: noRoom,
  otlpIntakeDoubled: noRoom,
  storeRows: noRoom,
  storeBytes: noRoom,
  storeLost: noRoom,
  storeDoubled: noRoom,
  tailEntries: noRoom,
  tailDropped: noRoom,
  tailRefused: noRoom,
  tailLag: noRoom,
};
