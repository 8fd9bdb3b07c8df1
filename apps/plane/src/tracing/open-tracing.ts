import type { NodeExport } from '../node/export/node-export.ts';
import { noTracing, type Tracing } from './tracing.ts';

/** Tracing of the plane's own work; OpenTelemetry's SDK is 35 MB that only a plane with an endpoint loads. */
export async function openTracing({ own }: NodeExport): Promise<Tracing> {
  if (own === null) return noTracing;
  const { startSdkTracing } = await import('./sdk-tracing.ts');
  return startSdkTracing(own);
}
