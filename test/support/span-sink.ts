import { createServer } from 'node:http';
import protobuf from 'protobufjs';

/** As much of OTLP as a sink needs to tell spans and records apart. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Traces { repeated ResourceSpans resources = 1; }
  message ResourceSpans { repeated ScopeSpans scopes = 2; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span { bytes trace_id = 1; bytes span_id = 2; string name = 5; }
  message Logs { repeated ResourceLogs resources = 1; }
  message ResourceLogs { repeated ScopeLogs scopes = 2; }
  message ScopeLogs { repeated Log logs = 2; }
  message Log { string event_name = 12; }
`);

export interface SinkSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
}

/** An OTLP receiver that stands for the leading plane: keeps what it is sent, and can be away. */
export interface OtlpSink {
  readonly url: string;
  spans(): readonly SinkSpan[];
  /** Event names of the log records. */
  events(): readonly string[];
  /** The Authorization headers that came, without doubles. */
  tokens(): readonly string[];
  close(): Promise<void>;
}

/** `port` 0 takes a free one. */
export async function openOtlpSink(port = 0): Promise<OtlpSink> {
  const spans: SinkSpan[] = [];
  const events: string[] = [];
  const tokens = new Set<string>();
  const server = createServer((request, answer) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      tokens.add(request.headers.authorization ?? '');
      if (request.url === '/v1/traces') spans.push(...decodeSpans(Buffer.concat(chunks)));
      else if (request.url === '/v1/logs') events.push(...decodeEvents(Buffer.concat(chunks)));
      else return void answer.writeHead(404).end();
      answer.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${boundPort}`,
    spans: () => spans,
    events: () => events,
    tokens: () => [...tokens],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Decoded {
  readonly resources?: {
    readonly scopes?: {
      readonly spans?: { readonly traceId: Buffer; readonly spanId: Buffer; readonly name: string }[];
      readonly logs?: { readonly eventName: string }[];
    }[];
  }[];
}

function decode(type: string, bytes: Buffer) {
  const message = root.lookupType(type);
  const { resources = [] } = message.toObject(message.decode(bytes), { defaults: true }) as Decoded;
  return resources.flatMap(({ scopes = [] }) => scopes);
}

function decodeSpans(bytes: Buffer): SinkSpan[] {
  return decode('Traces', bytes).flatMap(({ spans = [] }) =>
    spans.map(({ traceId, spanId, name }) => ({
      traceId: Buffer.from(traceId).toString('hex'),
      spanId: Buffer.from(spanId).toString('hex'),
      name,
    })),
  );
}

function decodeEvents(bytes: Buffer): string[] {
  return decode('Logs', bytes).flatMap(({ logs = [] }) => logs.map(({ eventName }) => eventName));
}
