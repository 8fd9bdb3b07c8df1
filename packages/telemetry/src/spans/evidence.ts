import type { RingHeader } from '@rankscope/flight-recorder';

/** Which recorder something is about. */
export type RecorderIdentity = Pick<
  RingHeader,
  'runnerId' | 'nodeId' | 'instanceId' | 'modelId' | 'rank' | 'worldSize' | 'attempt'
>;

export type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface SpanPlace {
  readonly traceId: string;
  readonly spanId: string;
}

/** What others hang from: of an attempt for as long as the rank lives, of a command for as long as its task runs. */
export type AnchorOf = 'attempt' | 'command';

/** One finished span. Times are nanoseconds since the epoch; the end is later than the start. */
export interface SpanEvidence extends SpanPlace {
  /** Whose resource it bears. */
  readonly by: 'rank' | 'plane';
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Attributes;
  readonly links: readonly SpanPlace[];
  /** Why it failed; null where it did not. */
  readonly error: string | null;
  /** Null: nothing hangs from it. */
  readonly anchorOf: AnchorOf | null;
}

/** One log record about a span that was sent before it. */
export interface LogEvidence extends SpanPlace {
  readonly eventName: string;
  readonly severity: 'warn' | 'error';
  /** A sentence. */
  readonly body: string;
  readonly atNs: bigint;
  readonly attributes: Attributes;
}
