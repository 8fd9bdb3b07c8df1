/** Where one signal goes, and how. */
export interface OtlpSignal {
  /** The whole URL, `…/v1/traces` included. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly compression: 'none' | 'gzip';
  /** Files in PEM; null: the system's. */
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

export interface OtlpSettings {
  /** Null: this signal is not sent. */
  readonly traces: OtlpSignal | null;
  readonly logs: OtlpSignal | null;
  /** Of OTEL_RESOURCE_ATTRIBUTES; they give way to what we know ourselves. */
  readonly resource: Readonly<Record<string, string>>;
}

export interface ParsedOtlpSettings {
  /** Null where no endpoint is set: then nothing is exported, and nothing is loaded that could. */
  readonly settings: OtlpSettings | null;
  /** One sentence each, naming the variable. */
  readonly faults: readonly string[];
}

export type OtlpEnv = Readonly<Record<string, string | undefined>>;

const defaultTimeoutMs = 10_000;
const maxTimeoutMs = 600_000;
const signals = { traces: 'TRACES', logs: 'LOGS' } as const;

/**
 * The standard OTEL_EXPORTER_OTLP_* variables, the ones of a signal before the general ones, except that without an
 * endpoint nothing is sent: a process that knocks at localhost:4318 unasked surprises whoever listens there.
 */
export function parseOtlpSettings(env: OtlpEnv): ParsedOtlpSettings {
  const faults: string[] = [];
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return { settings: null, faults };
  const [traces, logs] = (['traces', 'logs'] as const).map((signal) => parseSignal(env, signal, faults));
  const resource = parsePairs(env, 'OTEL_RESOURCE_ATTRIBUTES', faults);
  const settings = traces || logs ? { traces: traces ?? null, logs: logs ?? null, resource } : null;
  return { settings, faults };
}

function parseSignal(env: OtlpEnv, signal: keyof typeof signals, faults: string[]): OtlpSignal | null {
  const name = signals[signal];
  if (given(env, `OTEL_${name}_EXPORTER`)?.value === 'none') return null;
  const setting = (what: string) =>
    given(env, `OTEL_EXPORTER_OTLP_${name}_${what}`) ?? given(env, `OTEL_EXPORTER_OTLP_${what}`);
  const url = parseEndpoint(env, signal, faults);
  if (url === null) return null;
  const fault = (key: string, value: string, why: string) => {
    const text = `${key} = ${JSON.stringify(value)}: ${why}`;
    if (!faults.includes(text)) faults.push(text);
  };
  const protocol = setting('PROTOCOL');
  if (protocol && protocol.value !== 'http/json' && protocol.value !== 'http/protobuf')
    fault(protocol.key, protocol.value, 'only OTLP over HTTP is sent: leave it out, and name the port for HTTP (4318)');
  const timeout = setting('TIMEOUT');
  const timeoutMs = timeout === null ? defaultTimeoutMs : Number(timeout.value);
  if (timeout !== null && !(timeoutMs > 0 && timeoutMs <= maxTimeoutMs))
    fault(timeout.key, timeout.value, `milliseconds, from 1 to ${maxTimeoutMs}`);
  const compression = setting('COMPRESSION');
  if (compression !== null && compression.value !== 'gzip' && compression.value !== 'none')
    fault(compression.key, compression.value, 'gzip or none');
  const headers = {
    ...parsePairs(env, 'OTEL_EXPORTER_OTLP_HEADERS', faults),
    ...parsePairs(env, `OTEL_EXPORTER_OTLP_${name}_HEADERS`, faults),
  };
  return {
    url,
    headers,
    timeoutMs,
    compression: compression?.value === 'gzip' ? 'gzip' : 'none',
    caFile: setting('CERTIFICATE')?.value ?? null,
    certFile: setting('CLIENT_CERTIFICATE')?.value ?? null,
    keyFile: setting('CLIENT_KEY')?.value ?? null,
  };
}

/** A signal's own endpoint is taken as it is; to the general one the signal's path is added. */
function parseEndpoint(env: OtlpEnv, signal: keyof typeof signals, faults: string[]): string | null {
  const own = given(env, `OTEL_EXPORTER_OTLP_${signals[signal]}_ENDPOINT`);
  const general = given(env, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  const set = own ?? general;
  if (set === null) return null;
  const url = URL.parse(set.value);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const fault = `${set.key} = ${JSON.stringify(set.value)} is not an address like http://127.0.0.1:4318`;
    if (!faults.includes(fault)) faults.push(fault);
    return null;
  }
  if (own === null) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${signal}`;
  return url.href;
}

/** An empty variable is how a shell script says "not set". */
function given(env: OtlpEnv, key: string): { readonly key: string; readonly value: string } | null {
  const value = env[key]?.trim();
  return value === undefined || value === '' ? null : { key, value };
}

/** `name=value,name=value`, values percent-encoded as in W3C baggage. */
function parsePairs(env: OtlpEnv, key: string, faults: string[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const part of env[key]?.split(',') ?? []) {
    if (part.trim() === '') continue;
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(0, at)).trim();
    const value = decode(part.slice(at + 1).trim());
    // Never the value itself: it may be a token.
    const fault = `${key}: an entry is not name=value with a percent-encoded value`;
    if (name === '' || value === null) {
      if (!faults.includes(fault)) faults.push(fault);
    } else pairs[name] = value;
  }
  return pairs;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
