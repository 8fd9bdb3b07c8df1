import { getJson } from './plane-requests.ts';

/** A span as Jaeger's API shows it (v3: OTLP as JSON). */
export interface JaegerSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** Nanoseconds since 1970, as text. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

export interface TraceSearch {
  readonly service: string;
  readonly operation?: string;
  /** A Go duration: `3s`. */
  readonly minDuration?: string;
  /** Attributes that a span must have; the older API alone knows them. */
  readonly tags?: Readonly<Record<string, string>>;
}

interface V3Answer {
  readonly result?: {
    readonly resourceSpans?: readonly { readonly scopeSpans?: readonly { readonly spans?: readonly JaegerSpan[] }[] }[];
  };
}

/** What a person asks a Jaeger: services, a trace by its id, traces that match. Times count back an hour from now. */
export interface JaegerClient {
  services(): Promise<readonly string[]>;
  /** All spans of a trace; none when Jaeger does not know it. */
  trace(traceId: string): Promise<readonly JaegerSpan[]>;
  /** Spans of the matching traces, by `/api/v3/traces`. */
  search(search: Omit<TraceSearch, 'tags'>): Promise<readonly JaegerSpan[]>;
  /** Ids of the matching traces, by the older `/api/traces`. */
  searchOlder(search: TraceSearch): Promise<readonly string[]>;
  /** Warnings that Jaeger attached to spans of the trace: a duration it mended, an id seen twice. */
  warnings(traceId: string): Promise<readonly string[]>;
}

const searchedBackMs = 3_600_000;
const most = 1_000;

export function createJaegerClient(url: string): JaegerClient {
  /** Jaeger says 404 where nothing matches. */
  const find = async <T>(path: string): Promise<T | null> => {
    const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(10_000) });
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`${url}${path}: HTTP ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const spansOf = (answer: V3Answer | null) =>
    (answer?.result?.resourceSpans ?? []).flatMap(({ scopeSpans = [] }) =>
      // A span sent twice and dropped once leaves a scope without spans.
      scopeSpans.flatMap(({ spans = [] }) => spans),
    );
  return {
    services: async () => (await getJson<{ data: string[] | null }>(`${url}/api/services`)).data ?? [],
    trace: async (traceId) => spansOf(await find(`/api/v3/traces/${traceId}`)),
    async search({ service, operation, minDuration }) {
      const now = Date.now();
      const query = new URLSearchParams({
        'query.service_name': service,
        'query.start_time_min': new Date(now - searchedBackMs).toISOString(),
        'query.start_time_max': new Date(now + searchedBackMs).toISOString(),
        'query.num_traces': String(most),
        ...(operation !== undefined && { 'query.operation_name': operation }),
        ...(minDuration !== undefined && { 'query.duration_min': minDuration }),
      });
      return spansOf(await find(`/api/v3/traces?${query}`));
    },
    async searchOlder({ service, operation, minDuration, tags }) {
      const query = new URLSearchParams({
        service,
        limit: String(most),
        lookback: '1h',
        ...(operation !== undefined && { operation }),
        ...(minDuration !== undefined && { minDuration }),
        ...(tags !== undefined && { tags: JSON.stringify(tags) }),
      });
      return ((await find<{ data: { traceID: string }[] }>(`/api/traces?${query}`))?.data ?? []).map((t) => t.traceID);
    },
    async warnings(traceId) {
      const answer = await find<{ data: { spans: { warnings?: string[] | null }[] }[] }>(`/api/traces/${traceId}`);
      return (answer?.data ?? []).flatMap(({ spans }) => spans.flatMap((span) => span.warnings ?? []));
    },
  };
}
