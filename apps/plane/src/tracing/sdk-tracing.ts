import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { planeScope, spanAttributes } from '@rankscope/schema';
import type { SpanPlace } from '@rankscope/telemetry';
import type { NodeExport } from '../node/export/node-export.ts';
import type { OpenSpan, SpanDraft, SpanValues, Tracing } from './tracing.ts';

/** OpenTelemetry's SDK, whose finished spans go the way of all others: one queue, one bound, one receiver. */
export function startSdkTracing({ resource, take }: NonNullable<NodeExport['own']>): Tracing {
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
    spanProcessors: [
      { onStart: () => undefined, onEnd: take, forceFlush: async () => undefined, shutdown: async () => undefined },
    ],
  });
  sdk.start();
  const tracer = trace.getTracer(planeScope);
  const begin = ({ name, kind, values, parent }: SpanDraft): { span: Span; within: Context } => {
    const around = context.active();
    const within = parent === undefined ? around : trace.setSpanContext(around, contextOf(parent));
    const from = parent === undefined ? undefined : trace.getSpan(around)?.spanContext();
    const links: Link[] = from === undefined ? [] : [{ context: from }];
    const options = {
      kind: kind === 'server' ? SpanKind.SERVER : SpanKind.INTERNAL,
      links,
      ...(values !== undefined && { attributes: attributesOf(values) }),
    };
    const span = tracer.startSpan(name, options, within);
    return { span, within: trace.setSpan(within, span) };
  };
  return {
    begin: (draft) => openSpan(begin(draft).span),
    async inSpan(draft, work) {
      const { span, within } = begin(draft);
      const open = openSpan(span);
      try {
        return await context.with(within, () => work(open));
      } catch (error) {
        open.fail(error instanceof Error ? error.name : 'unknown', String(error));
        throw error;
      } finally {
        open.end();
      }
    },
    close: () => sdk.shutdown(),
  };
}

function openSpan(span: Span): OpenSpan {
  return {
    rename: (name) => void span.updateName(name),
    set: (values) => void span.setAttributes(attributesOf(values)),
    fail(errorType, message) {
      span.setAttribute(spanAttributes.errorType, errorType);
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    },
    end: () => span.end(),
  };
}

function contextOf({ traceId, spanId }: SpanPlace) {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}

function attributesOf(values: SpanValues): Attributes {
  const entries = Object.entries(values).map(([key, value]) => [key, typeof value === 'object' ? [...value] : value]);
  return Object.fromEntries(entries) as Attributes;
}
