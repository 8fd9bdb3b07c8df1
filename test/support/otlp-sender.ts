import { randomBytes } from 'node:crypto';
import { post } from './plane-requests.ts';
import type { SinkSpan } from './span-sink.ts';

export const senderService = 'rankscope-test';
const resource = { attributes: [{ key: 'service.name', value: { stringValue: senderService } }] };

/** Spans of one trace, a millisecond long each, that began now. */
export function makeSpans(count: number, name: string): SinkSpan[] {
  const traceId = randomBytes(16).toString('hex');
  return Array.from({ length: count }, () => ({ traceId, spanId: randomBytes(8).toString('hex'), name }));
}

/** Sends spans as OTLP JSON. Resolves when the receiver has answered for them; throws when it refuses them. */
export async function sendSpans(otlpUrl: string, spans: readonly SinkSpan[]): Promise<void> {
  const startMs = Date.now();
  const written = spans.map((span) => ({
    ...span,
    kind: 1,
    startTimeUnixNano: `${startMs}000000`,
    endTimeUnixNano: `${startMs + 1}000000`,
  }));
  await send(`${otlpUrl}/v1/traces`, { resourceSpans: [{ resource, scopeSpans: [{ spans: written }] }] });
}

export async function sendEvent(otlpUrl: string, eventName: string): Promise<void> {
  const logRecords = [{ timeUnixNano: `${Date.now()}000000`, eventName, body: { stringValue: eventName } }];
  await send(`${otlpUrl}/v1/logs`, { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] });
}

async function send(url: string, body: unknown): Promise<void> {
  const response = await post(url, body, AbortSignal.timeout(10_000));
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status} ${text}`);
}
