import type { FetchJsonResult } from '@rankscope/client';
import { CommandError } from './usage-error.ts';

/** The answer, or the sentence why there is none and what to do about it. */
export function answerOf<T>(url: string, result: FetchJsonResult<T>): T {
  if (result.kind === 'ok') return result.value;
  throw new CommandError(explain(url, result.error, result.status, result.problem?.detail ?? null));
}

export function explain(url: string, error: string, status: number | null, detail: string | null): string {
  if (detail !== null) return detail;
  if (status === 401) return `${url} wants a token: set RANKSCOPE_TOKEN`;
  if (status !== null) return `${url} answered ${error}; is it a Rankscope plane?`;
  const reason = error.startsWith('refused') ? 'refused' : error;
  return `no plane answers at ${url}: ${reason}; start one with \`npm start\`, or name another with --url`;
}
