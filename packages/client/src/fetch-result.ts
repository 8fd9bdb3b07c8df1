import type { Problem } from '@rankscope/schema';

export type FetchResult<T> =
  | { readonly kind: 'ok'; readonly value: T; readonly roundTripMs: number; readonly headers: Headers }
  | FetchFailure;

export interface FetchFailure {
  readonly kind: 'failed';
  readonly error: string;
  readonly status: number | null;
  readonly problem: Problem | null;
}

export function fetchFailure(error: string, status: number | null = null): FetchFailure {
  return { kind: 'failed', error, status, problem: null };
}
