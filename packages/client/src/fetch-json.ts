import type { z } from 'zod';
import { type FetchOptions, fetchAnswer } from './fetch-answer.ts';
import { formatBytes, formatIssue } from './fetch-failure.ts';
import { type FetchResult, fetchFailure } from './fetch-result.ts';
import { mimeOf, parseJson, readText } from './read-body.ts';

export interface FetchJsonOptions<T> extends FetchOptions {
  readonly schema: z.ZodType<T>;
}

export type FetchJsonResult<T> = FetchResult<T>;

/** Asks one URL for JSON of a shape. Never throws; see {@link fetchAnswer}. */
export function fetchJson<T>(options: FetchJsonOptions<T>): Promise<FetchJsonResult<T>> {
  return fetchAnswer(options, 'application/json', (response, roundTripMs) =>
    readAnswer(options, response, roundTripMs),
  );
}

async function readAnswer<T>(
  options: FetchJsonOptions<T>,
  response: Response,
  roundTripMs: number,
): Promise<FetchJsonResult<T>> {
  const { status } = response;
  const mime = mimeOf(response);
  if (mime !== '' && !mime.includes('json')) return fetchFailure(`not JSON (${mime})`, status);
  const text = await readText(response, options.maxBytes);
  if (text === null) return fetchFailure(`answer larger than ${formatBytes(options.maxBytes)}`, status);
  const json = parseJson(text);
  if (json === undefined)
    return fetchFailure(`not JSON (${mime === '' ? 'no content type' : `broken ${mime}`})`, status);
  const parsed = options.schema.safeParse(json);
  if (!parsed.success) return fetchFailure(`answer is not what was expected: ${formatIssue(parsed.error)}`, status);
  return { kind: 'ok', value: parsed.data, roundTripMs, headers: response.headers };
}
