import { readFileSync } from 'node:fs';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { CompressionAlgorithm, OTLPExporterError } from '@opentelemetry/otlp-exporter-base';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Attributes, LogEvidence, SpanEvidence } from '../spans/evidence.ts';
import { type Delivery, type DeliveryLimits, openDelivery, type SendOutcome } from './delivery.ts';
import type { OtlpSettings, OtlpSignal } from './otlp-settings.ts';
import { readableLog, readableSpan } from './readable.ts';
import type { SignalFacts } from './sender-facts.ts';

export interface OtlpSenderOptions {
  readonly settings: OtlpSettings;
  readonly limits: DeliveryLimits;
  /** Called when a signal's delivery begins to fail (with why), and when it is well again (null). */
  readonly onTrouble: (signal: 'traces' | 'logs', reason: string | null) => void;
  /** The receiver took a batch and left some of it out. */
  readonly onPartial: (answer: string) => void;
}

/**
 * Puts evidence into OTLP and delivers it through OpenTelemetry's own exporters. Loaded by {@link loadOtlpSender} only,
 * so that a process without an endpoint carries none of it.
 */
export class OtlpSender {
  readonly #spans: Delivery<ReadableSpan> | null;
  readonly #logs: Delivery<ReadableLogRecord> | null;
  readonly #rejected = { traces: 0, logs: 0 };

  constructor({ settings, limits, onTrouble, onPartial }: OtlpSenderOptions) {
    const { traces, logs } = settings;
    const trouble = (signal: 'traces' | 'logs') => (reason: string | null) => onTrouble(signal, reason);
    this.#spans = traces && openDelivery({ limits, send: traceSender(traces), onTrouble: trouble('traces') });
    this.#logs = logs && openDelivery({ limits, send: logSender(logs), onTrouble: trouble('logs') });
    // The exporters tell of a partial success here and nowhere else.
    const warn = (message: string, ...rest: unknown[]) => {
      if (!message.includes('Partial Success')) return;
      const answer = rest.join(' ');
      for (const [signal, key] of [['traces', 'rejectedSpans'] as const, ['logs', 'rejectedLogRecords'] as const])
        this.#rejected[signal] += Number(new RegExp(`"${key}":"?(\\d+)`).exec(answer)?.[1] ?? 0);
      onPartial(answer);
    };
    const nothing = () => undefined;
    diag.setLogger(
      { warn, error: nothing, info: nothing, debug: nothing, verbose: nothing },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
  }

  resource(attributes: Attributes): Resource {
    return resourceFromAttributes({ ...attributes });
  }

  pushSpan(span: SpanEvidence, resource: Resource): void {
    const { spanId, parentSpanId, anchorOf } = span;
    const urgent = anchorOf !== null || span.error !== null || span.links.length > 0;
    this.#spans?.push({ payload: readableSpan(span, resource), spanId, parentSpanId, anchorOf, urgent });
  }

  /** A span that an SDK made. */
  pushReadable(span: ReadableSpan): void {
    const parentSpanId = span.parentSpanContext?.spanId ?? null;
    this.#spans?.push({
      payload: span,
      spanId: span.spanContext().spanId,
      parentSpanId,
      anchorOf: null,
      urgent: false,
    });
  }

  pushLog(log: LogEvidence, resource: Resource): void {
    const payload = readableLog(log, resource);
    this.#logs?.push({ payload, spanId: null, parentSpanId: null, anchorOf: null, urgent: true });
  }

  /** `reached` is called when every span pushed before has been delivered, refused or given up. */
  mark(key: string, reached: () => void): void {
    if (this.#spans === null) reached();
    else this.#spans.mark(key, reached);
  }

  facts(): { readonly traces: SignalFacts | null; readonly logs: SignalFacts | null } {
    const of = (
      delivery: Delivery<never> | Delivery<ReadableSpan> | Delivery<ReadableLogRecord> | null,
      rejected: number,
    ) => {
      if (delivery === null) return null;
      const facts = delivery.facts();
      return { ...facts, exported: facts.exported - rejected, failed: facts.failed + rejected };
    };
    return { traces: of(this.#spans, this.#rejected.traces), logs: of(this.#logs, this.#rejected.logs) };
  }

  async flush(deadlineMs: number): Promise<boolean> {
    const flushed = await Promise.all([this.#spans?.flush(deadlineMs), this.#logs?.flush(deadlineMs)]);
    return flushed.every((done) => done !== false);
  }

  close(): void {
    this.#spans?.close();
    this.#logs?.close();
  }
}

function traceSender(signal: OtlpSignal): (batch: readonly ReadableSpan[]) => Promise<SendOutcome> {
  const exporter = new OTLPTraceExporter(exporterOptions(signal));
  return (batch) => outcomeOf(signal.url, (done) => exporter.export([...batch], done));
}

function logSender(signal: OtlpSignal): (batch: readonly ReadableLogRecord[]) => Promise<SendOutcome> {
  const exporter = new OTLPLogExporter(exporterOptions(signal));
  return (batch) => outcomeOf(signal.url, (done) => exporter.export([...batch], done));
}

/** Everything is given, so that the exporter need not look into the environment by itself. */
function exporterOptions(signal: OtlpSignal) {
  const { url, headers, timeoutMs, compression, caFile, certFile, keyFile } = signal;
  return {
    url,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
    compression: compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
    // We send one batch after the other; the exporter calls back before it has crossed the last one off.
    concurrencyLimit: 2,
    httpAgentOptions: {
      keepAlive: true,
      ...(caFile !== null && { ca: readFileSync(caFile) }),
      ...(certFile !== null && { cert: readFileSync(certFile) }),
      ...(keyFile !== null && { key: readFileSync(keyFile) }),
    },
  };
}

/** Enough of a receiver's answer to see what it means. */
const answerChars = 300;

/** The exporter has itself asked several times within its timeout when it says that it failed. */
function outcomeOf(url: string, run: (done: (result: ExportResult) => void) => void): Promise<SendOutcome> {
  return new Promise((resolve) => {
    run(({ code, error }) => {
      if (code === ExportResultCode.SUCCESS) resolve({ kind: 'delivered' });
      else if (error instanceof OTLPExporterError && typeof error.code === 'number') {
        const answer = error.data?.trim().slice(0, answerChars);
        const status = `HTTP ${error.code}${error.message ? ` ${error.message}` : ''}`;
        resolve({ kind: 'refused', reason: `${url} answered ${status}${answer ? `: ${answer}` : ''}` });
      } else resolve({ kind: 'later', reason: `${url} does not take anything: ${error?.message || String(error)}` });
    });
  });
}
