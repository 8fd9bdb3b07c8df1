/** A stretch of one phase on a rank. `endMs` is null while the rank is still in it. */
export interface PhaseSpan {
  readonly phase: string;
  readonly startMs: number;
  readonly endMs: number | null;
}

/** A stretch inside one collective, send or receive. */
export interface SiteSpan {
  readonly label: string;
  readonly startMs: number;
  readonly endMs: number | null;
}

/** Entries that were overwritten before anyone read them: what happened here is not known. */
export interface GapSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/** What is known of a lane as a whole. Everything but `reporting` is drawn as its own state, never as a phase. */
export type LaneState =
  | { readonly kind: 'reporting' }
  | { readonly kind: 'ended'; readonly atMs: number | null; readonly reason: string }
  | { readonly kind: 'never_reported' }
  | { readonly kind: 'unreachable'; readonly sinceMs: number | null; readonly error: string };

/** How the lane stands to the collective that others are inside. `texts` say it in words, the longest first. */
export type Standing =
  | { readonly kind: 'none' }
  | { readonly kind: 'inside'; readonly texts: readonly string[]; readonly sinceMs: number }
  | { readonly kind: 'absent'; readonly texts: readonly string[]; readonly sinceMs: number | null };

/** One lane as the painter and the table need it. */
export interface Row {
  readonly key: string;
  readonly runnerId: string | null;
  readonly instanceId: string | null;
  readonly rank: number | null;
  readonly nodeName: string;
  readonly phase: string | null;
  readonly state: LaneState;
  readonly standing: Standing;
  /** Sorted by start, none overlapping the next. */
  readonly spans: readonly PhaseSpan[];
  readonly sites: readonly SiteSpan[];
  readonly gaps: readonly GapSpan[];
}
