import type { Problem } from '@rankscope/schema';
import type { z } from 'zod';
import { describeFetchFailure, formatBytes, formatIssue } from './fetch-failure.ts';
import { openDeadline } from './open-deadline.ts';
import { mimeOf, parseJson, readText } from './read-body.ts';
import { readRefusal } from './read-refusal.ts';

export interface FetchJsonOptions<T> {
  readonly url: string | URL;
  readonly schema: z.ZodType<T>;
  /** Covers everything: connecting, the headers and the last byte of the body. */
  readonly deadlineMs: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type FetchJsonResult<T> =
  | { readonly kind: 'ok'; readonly value: T; readonly roundTripMs: number; readonly headers: Headers }
  | {
      readonly kind: 'failed';
      readonly error: string;
      readonly status: number | null;
      readonly problem: Problem | null;
    };

/**
 * Asks one URL for JSON. Never throws: a peer that refuses, sleeps, trickles, answers HTML or 200 MB is an ordinary
 * answer here, told as one sentence a person can act on.
 *
 * Redirects are not followed. A node's address is configured, and following one would let a peer send our requests
 * (and tokens) to an address nobody chose.
 */
export async function fetchJson<T>(options: FetchJsonOptions<T>): Promise<FetchJsonResult<T>> {
  const deadline = openDeadline(options.deadlineMs, options.signal);
  const startedAt = performance.now();
  try {
    const response = await fetch(options.url, requestOf(options, deadline.signal));
    const roundTripMs = performance.now() - startedAt;
    return response.ok ? await readAnswer(options, response, roundTripMs) : await readRefusal(response);
  } catch (error) {
    const late = deadline.expired() ? `no answer in ${options.deadlineMs} ms` : null;
    const cancelled = options.signal?.aborted ? 'cancelled' : null;
    return failed(late ?? cancelled ?? describeFetchFailure(error, options.url));
  } finally {
    // Also closes the connection of an answer that was not read to its end; one that was is kept for the next request.
    deadline.close();
  }
}

function requestOf<T>(options: FetchJsonOptions<T>, signal: AbortSignal): RequestInit {
  const hasBody = options.body !== undefined;
  const headers = {
    accept: 'application/json',
    ...(hasBody && { 'content-type': 'application/json' }),
    ...options.headers,
  };
  const body = hasBody ? { body: JSON.stringify(options.body) } : {};
  return { method: options.method ?? (hasBody ? 'POST' : 'GET'), headers, signal, redirect: 'manual', ...body };
}

async function readAnswer<T>(
  options: FetchJsonOptions<T>,
  response: Response,
  roundTripMs: number,
): Promise<FetchJsonResult<T>> {
  const { status } = response;
  const mime = mimeOf(response);
  if (mime !== '' && !mime.includes('json')) return failed(`not JSON (${mime})`, status);
  const text = await readText(response, options.maxBytes);
  if (text === null) return failed(`answer larger than ${formatBytes(options.maxBytes)}`, status);
  const json = parseJson(text);
  if (json === undefined) return failed(`not JSON (${mime === '' ? 'no content type' : `broken ${mime}`})`, status);
  const parsed = options.schema.safeParse(json);
  if (!parsed.success) return failed(`answer is not what was expected: ${formatIssue(parsed.error)}`, status);
  return { kind: 'ok', value: parsed.data, roundTripMs, headers: response.headers };
}

function failed(error: string, status: number | null = null) {
  return { kind: 'failed' as const, error, status, problem: null };
}
