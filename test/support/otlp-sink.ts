import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';

type AttributeValue = string | number | boolean | undefined;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly resource: Readonly<Record<string, AttributeValue>>;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly message: string;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** When it came, by Date.now(). */
  readonly atMs: number;
}

export interface ReceivedLog {
  readonly eventName: string;
  readonly body: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface OtlpSink {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT is set to. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  readonly logs: readonly ReceivedLog[];
  /** Every request that came, with its headers. */
  readonly requests: readonly { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  /** Says this to whatever comes, until told otherwise; null takes it. */
  answerWith(answer: { readonly status: number; readonly body: string } | null): void;
  /** Nobody listens any more; `open` listens at the same port again. */
  close(): Promise<void>;
  open(): Promise<void>;
}

/** A receiver of OTLP over HTTP, in JSON, that keeps what it gets: the other end of a wire, in the same process. */
export async function openOtlpSink(): Promise<OtlpSink> {
  const spans: ReceivedSpan[] = [];
  const logs: ReceivedLog[] = [];
  const requests: { path: string; headers: IncomingMessage['headers'] }[] = [];
  let answer: { status: number; body: string } | null = null;
  let port = 0;
  let server: Server | null = null;

  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    requests.push({ path: request.url ?? '', headers: request.headers });
    if (answer !== null) return response.writeHead(answer.status, { 'content-type': 'text/plain' }).end(answer.body);
    const bytes = Buffer.concat(parts);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
    if (request.url === '/v1/traces') spans.push(...readSpans(JSON.parse(text) as TraceRequest));
    else if (request.url === '/v1/logs') logs.push(...readLogs(JSON.parse(text) as LogRequest));
    else return response.writeHead(404).end('only /v1/traces and /v1/logs');
    return response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  };
  const open = async () => {
    const opened = createServer((request, response) => void take(request, response));
    await new Promise<void>((done) => opened.listen(port, '127.0.0.1', done));
    const address = opened.address();
    if (address !== null && typeof address === 'object') port = address.port;
    server = opened;
  };
  await open();
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    logs,
    requests,
    answerWith(given) {
      answer = given;
    },
    open,
    async close() {
      const closing = server;
      server = null;
      if (closing === null) return;
      closing.closeAllConnections();
      await new Promise((done) => closing.close(done));
    },
  };
}

/** Ids that came more than once, and spans whose parent never came: what no trace may have. */
export function traceFaults(spans: readonly ReceivedSpan[]): string[] {
  const names = new Map(spans.map((span) => [`${span.traceId} ${span.spanId}`, span.name]));
  const seen = new Set<string>();
  return spans.flatMap(({ traceId, spanId, parentSpanId, name, startNs, endNs }) => {
    const key = `${traceId} ${spanId}`;
    const faults: string[] = [];
    if (seen.has(key)) faults.push(`${name} came twice`);
    seen.add(key);
    if (parentSpanId !== null && !names.has(`${traceId} ${parentSpanId}`))
      faults.push(`${name} has a parent that never came`);
    if (endNs <= startNs) faults.push(`${name} ends before it has begun`);
    return faults;
  });
}

interface Value {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}
type Pairs = readonly { readonly key: string; readonly value: Value }[];
interface Ids {
  readonly traceId: string;
  readonly spanId: string;
}
interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Pairs };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Ids & {
        readonly parentSpanId?: string;
        readonly name: string;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes: Pairs;
        readonly status: { readonly code?: number; readonly message?: string };
        readonly links: readonly Ids[];
      })[];
    }[];
  }[];
}
interface LogRequest {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly (Ids & {
        readonly eventName: string;
        readonly body: Value;
        readonly attributes: Pairs;
      })[];
    }[];
  }[];
}

function readSpans({ resourceSpans }: TraceRequest): ReceivedSpan[] {
  const atMs = Date.now();
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId || null,
        name: span.name,
        startNs: BigInt(span.startTimeUnixNano),
        endNs: BigInt(span.endTimeUnixNano),
        attributes: valuesOf(span.attributes),
        resource: valuesOf(resource.attributes),
        status: span.status.code ?? 0,
        message: span.status.message ?? '',
        links: span.links.map(({ traceId, spanId }) => ({ traceId, spanId })),
        atMs,
      })),
    ),
  );
}

function readLogs({ resourceLogs }: LogRequest): ReceivedLog[] {
  return resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap((scope) =>
      scope.logRecords.map(({ eventName, body, traceId, spanId, attributes }) => ({
        eventName,
        body: String(plainValue(body)),
        traceId,
        spanId,
        attributes: valuesOf(attributes),
      })),
    ),
  );
}

function valuesOf(pairs: Pairs): Record<string, AttributeValue> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue({ stringValue, intValue, doubleValue, boolValue }: Value): AttributeValue {
  return stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue) : Number(intValue));
}
