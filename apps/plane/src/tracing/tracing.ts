import type { SpanPlace } from '@rankscope/telemetry';

export type SpanValue = string | number | boolean | readonly string[];
export type SpanValues = Readonly<Record<string, SpanValue>>;

export interface SpanDraft {
  readonly name: string;
  /** `server`: somebody outside waits for it. */
  readonly kind?: 'server' | 'internal';
  readonly values?: SpanValues;
  /** What it hangs from instead of the span around it, to which it then links. */
  readonly parent?: SpanPlace;
}

/** A span of the plane's own work. */
export interface WorkSpan {
  rename(name: string): void;
  set(values: SpanValues): void;
  fail(errorType: string, message: string): void;
}

export interface OpenSpan extends WorkSpan {
  end(): void;
}

/** Where the plane tells what it does itself. Without an endpoint nothing is told, and nothing is loaded that could. */
export interface Tracing {
  /** Runs the work inside a span of its own, a child of the one around it; ends it with the work. */
  inSpan<T>(draft: SpanDraft, work: (span: WorkSpan) => Promise<T>): Promise<T>;
  /** For what goes on after the function that begins it. */
  begin(draft: SpanDraft): OpenSpan;
  close(): Promise<void>;
}

const noSpan: OpenSpan = {
  rename: () => undefined,
  set: () => undefined,
  fail: () => undefined,
  end: () => undefined,
};

export const noTracing: Tracing = {
  inSpan: (_draft, work) => work(noSpan),
  begin: () => noSpan,
  close: async () => undefined,
};
