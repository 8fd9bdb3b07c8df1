import type { OtlpSender, OtlpSenderOptions } from './otlp-sender.ts';

/** Loads OpenTelemetry's exporters and opens what delivers through them: 25 MB that no other process should carry. */
export async function loadOtlpSender(options: OtlpSenderOptions): Promise<OtlpSender> {
  const { OtlpSender } = await import('./otlp-sender.ts');
  return new OtlpSender(options);
}
