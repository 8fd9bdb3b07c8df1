import { type OtlpMessage, otlpType } from './otlp-types.ts';

export type SaidValue = string | number | boolean | readonly string[];

/** A span as a test says it; what is not said is something valid. */
export interface SaidSpan {
  /** Hex. */
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly startNs?: bigint;
  /** 0n: still open. */
  readonly endNs?: bigint;
  readonly attributes?: Readonly<Record<string, SaidValue>>;
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

export interface SaidLog {
  readonly traceId?: string;
  readonly timeNs?: bigint;
  readonly observedNs?: bigint;
  readonly eventName?: string;
  readonly body?: string;
  readonly attributes?: Readonly<Record<string, SaidValue>>;
}

/** One request in both encodings. */
export interface OtlpRequest {
  readonly protobuf: Buffer;
  readonly json: Buffer;
}

/** Midday of a day that tests take for now. */
export const nowNs = 1_795_000_000_000_000_000n;
export const nowUs = Number(nowNs / 1_000n);
export const defaultTraceId = '0193a5c40000700080000000000000a1';

let spansMade = 0;

/** An ExportTraceServiceRequest with one resource. */
export function traceRequest(
  spans: readonly SaidSpan[],
  resource: Readonly<Record<string, SaidValue>> = { 'rankscope.rank': 1, 'service.name': 'some-runtime' },
): OtlpRequest {
  return requestOf('ExportTraceServiceRequest', ['resourceSpans', 'scopeSpans', 'spans'], resource, spans.map(spanOf));
}

/** A request of so many valid spans that differ in nothing but their ids: quickly made, for tests of bounds. */
export function manySpans(count: number, from = 0): Buffer {
  const marked = 'f1f2f3f4f5f6f7f8';
  const { protobuf } = traceRequest([{ spanId: marked }]);
  const at = protobuf.indexOf(Buffer.from(marked, 'hex'));
  // Messages that are written one behind the other are one message with all their fields.
  return Buffer.concat(
    Array.from({ length: count }, (_, i) => {
      const one = Buffer.from(protobuf);
      one.writeUInt32BE(from + i + 1, at);
      return one;
    }),
  );
}

/** An ExportLogsServiceRequest with one resource. */
export function logsRequest(
  logs: readonly SaidLog[],
  resource: Readonly<Record<string, SaidValue>> = { 'rankscope.rank': 1, 'service.name': 'some-runtime' },
): OtlpRequest {
  return requestOf('ExportLogsServiceRequest', ['resourceLogs', 'scopeLogs', 'logRecords'], resource, logs.map(logOf));
}

function requestOf(
  type: string,
  [resources, scopes, records]: readonly [string, string, string],
  resource: Readonly<Record<string, SaidValue>>,
  said: readonly object[],
): OtlpRequest {
  const message = {
    [resources]: [{ resource: { attributes: attributesOf(resource) }, [scopes]: [{ [records]: said }] }],
  };
  return {
    protobuf: otlpType(type).encode(bytesIn(message) as OtlpMessage),
    json: Buffer.from(JSON.stringify(message)),
  };
}

function spanOf(span: SaidSpan): object {
  spansMade += 1;
  const startNs = span.startNs ?? nowNs - 1_000_000n;
  return {
    traceId: span.traceId ?? defaultTraceId,
    spanId: span.spanId ?? spansMade.toString(16).padStart(16, '0'),
    ...(span.parentSpanId !== undefined && { parentSpanId: span.parentSpanId }),
    name: span.name ?? 'decode_stream',
    kind: 1,
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(span.endNs ?? startNs + 500_000n),
    attributes: attributesOf(span.attributes ?? {}),
    ...(span.status && { status: span.status }),
    ...(span.links && { links: span.links }),
  };
}

function logOf(log: SaidLog): object {
  return {
    timeUnixNano: String(log.timeNs ?? nowNs),
    observedTimeUnixNano: String(log.observedNs ?? nowNs),
    ...(log.traceId !== undefined && { traceId: log.traceId }),
    ...(log.eventName !== undefined && { eventName: log.eventName }),
    ...(log.body !== undefined && { body: { stringValue: log.body } }),
    attributes: attributesOf(log.attributes ?? {}),
  };
}

function attributesOf(said: Readonly<Record<string, SaidValue>>): object[] {
  return Object.entries(said).map(([key, value]) => ({ key, value: valueOfSaid(value) }));
}

function valueOfSaid(value: SaidValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map(valueOfSaid) } };
}

const hexKeys = new Set(['traceId', 'spanId', 'parentSpanId']);
const numberKeys = new Set([
  'startTimeUnixNano',
  'endTimeUnixNano',
  'timeUnixNano',
  'observedTimeUnixNano',
  'intValue',
]);

/** The JSON of a message → what protobufjs encodes: ids and texts are bytes there. */
function bytesIn(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => bytesIn(item, key));
  if (typeof value === 'string') {
    if (numberKeys.has(key)) return value;
    return Buffer.from(value, hexKeys.has(key) ? 'hex' : 'utf8');
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, bytesIn(inner, name)]));
}
