import type { Log } from '@rankscope/daemon';
import { type ProblemCode, ProblemError, problemCodes, problemOf } from '@rankscope/schema';
import type { Context as Call } from 'hono';

/** Seconds after which a refused caller may try again. */
const retryAfterSeconds: Partial<Record<ProblemCode, number>> = { too_many_requests: 1, instance_not_ready: 2 };

/** What is wrong, as RFC 9457 has it and as OpenAI's clients read it. */
export function problemAnswer(call: Call, code: ProblemCode, detail: string): Response {
  const retry = retryAfterSeconds[code];
  if (retry !== undefined) call.header('retry-after', String(retry));
  call.header('cache-control', 'no-store');
  const problem = problemOf(code, detail, call.req.path);
  return call.body(JSON.stringify(problem), problemCodes[code].status, { 'content-type': 'application/problem+json' });
}

/** The last stop of whatever was thrown: a caller's mistake is told, a bug is logged. */
export function answerError(error: unknown, call: Call, log: Log): Response {
  if (error instanceof ProblemError) return problemAnswer(call, error.code, error.message);
  logBug(log, call.req.path, error);
  return problemAnswer(call, 'internal', brokenSentence);
}

/** All that a caller is told of a bug. */
export const brokenSentence = 'Something in Rankscope broke; its log has the rest.';

export function logBug(log: Log, path: string, error: unknown): void {
  log.error('a request failed by our fault', { path, error: describe(error) });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
