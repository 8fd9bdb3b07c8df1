import { hash } from 'node:crypto';

/** What a span is, for its id. A marker counts: `stall-1`, `stall-2`, … */
export type SpanKind = 'command' | 'instance' | 'rank' | 'task' | 'phase' | `stall-${number}`;

export interface SpanKey {
  readonly traceId: string;
  readonly kind: SpanKind;
  /** Left out where the span belongs to no single rank. */
  readonly rank?: number;
  readonly attempt?: number;
  /** Number of the entry with which it begins. */
  readonly seq?: number;
}

const spanIdDigits = 16;

/**
 * A span's id is computed from what it is about: sent again after a crash it is the same span again, and a marker can
 * name the span that does not exist yet.
 */
export function spanIdOf({ traceId, rank, attempt, seq, kind }: SpanKey): string {
  const text = `${traceId}|${rank ?? ''}|${attempt ?? ''}|${seq ?? ''}|${kind}`;
  return hash('sha256', text, 'hex').slice(0, spanIdDigits);
}
