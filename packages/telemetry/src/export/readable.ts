import { type HrTime, SeverityNumber, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { planeScope, recorderScope } from '@rankscope/schema';
import type { LogEvidence, SpanEvidence, SpanPlace } from '../spans/evidence.ts';

const scopes = { rank: { name: recorderScope }, plane: { name: planeScope } } as const;

/** Evidence → what OpenTelemetry's exporter takes. */
export function readableSpan(span: SpanEvidence, resource: Resource): ReadableSpan {
  const { parentSpanId, traceId, name, startNs, endNs, error, links } = span;
  const context = contextOf(span);
  return {
    name,
    kind: SpanKind.INTERNAL,
    spanContext: () => context,
    ...(parentSpanId !== null && { parentSpanContext: contextOf({ traceId, spanId: parentSpanId }) }),
    startTime: hrTimeOf(startNs),
    endTime: hrTimeOf(endNs),
    duration: hrTimeOf(endNs - startNs),
    status: error === null ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
    attributes: span.attributes,
    links: links.map((link) => ({ context: contextOf(link) })),
    events: [],
    ended: true,
    resource,
    instrumentationScope: scopes[span.by],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

export function readableLog(log: LogEvidence, resource: Resource): ReadableLogRecord {
  const time = hrTimeOf(log.atNs);
  return {
    hrTime: time,
    hrTimeObserved: time,
    spanContext: contextOf(log),
    severityNumber: log.severity === 'warn' ? SeverityNumber.WARN : SeverityNumber.ERROR,
    severityText: log.severity === 'warn' ? 'WARN' : 'ERROR',
    body: log.body,
    eventName: log.eventName,
    resource,
    instrumentationScope: scopes.rank,
    attributes: log.attributes,
    droppedAttributesCount: 0,
  };
}

function contextOf({ traceId, spanId }: SpanPlace) {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

const nsPerSecond = 1_000_000_000n;

function hrTimeOf(ns: bigint): HrTime {
  return [Number(ns / nsPerSecond), Number(ns % nsPerSecond)];
}
