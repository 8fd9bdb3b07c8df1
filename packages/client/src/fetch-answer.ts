import { describeFetchFailure } from './fetch-failure.ts';
import { type FetchResult, fetchFailure } from './fetch-result.ts';
import { openDeadline } from './open-deadline.ts';
import { readRefusal } from './read-refusal.ts';

export interface FetchOptions {
  readonly url: string | URL;
  /** Covers everything: connecting, the headers and the last byte of the body. */
  readonly deadlineMs: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Asks one URL and has its answer read. Never throws: a peer that refuses, sleeps, trickles, answers HTML or 200 MB is an
 * ordinary answer here, told as one sentence a person can act on.
 *
 * Redirects are not followed. A node's address is configured, and following one would let a peer send our requests
 * (and tokens) to an address nobody chose.
 */
export async function fetchAnswer<T>(
  options: FetchOptions,
  accept: string,
  read: (response: Response, roundTripMs: number) => Promise<FetchResult<T>>,
): Promise<FetchResult<T>> {
  const deadline = openDeadline(options.deadlineMs, options.signal);
  const startedAt = performance.now();
  try {
    const response = await fetch(options.url, requestOf(options, accept, deadline.signal));
    const roundTripMs = performance.now() - startedAt;
    return response.ok ? await read(response, roundTripMs) : await readRefusal(response);
  } catch (error) {
    const late = deadline.expired() ? `no answer in ${options.deadlineMs} ms` : null;
    const cancelled = options.signal?.aborted ? 'cancelled' : null;
    return fetchFailure(late ?? cancelled ?? describeFetchFailure(error, options.url));
  } finally {
    // Also closes the connection of an answer that was not read to its end; one that was is kept for the next request.
    deadline.close();
  }
}

function requestOf(options: FetchOptions, accept: string, signal: AbortSignal): RequestInit {
  const hasBody = options.body !== undefined;
  const headers = {
    accept,
    ...(hasBody && { 'content-type': 'application/json' }),
    ...options.headers,
  };
  const body = hasBody ? { body: JSON.stringify(options.body) } : {};
  return { method: options.method ?? (hasBody ? 'POST' : 'GET'), headers, signal, redirect: 'manual', ...body };
}
