import { decodeEntryBatch, type EntryBatch, EntryBatchError, entryBatchMime } from '@rankscope/schema';
import type { z } from 'zod';
import { type FetchOptions, fetchAnswer } from './fetch-answer.ts';
import { formatBytes, formatIssue } from './fetch-failure.ts';
import { type FetchResult, fetchFailure } from './fetch-result.ts';
import { mimeOf, readBytes } from './read-body.ts';

export interface FetchEntriesOptions<T> extends FetchOptions {
  /** Of what lies beside the batch. */
  readonly meta: z.ZodType<T>;
}

export interface FetchedEntries<T> {
  readonly meta: T;
  readonly batch: EntryBatch;
}

/** Asks one URL for entries as columns. Never throws; see {@link fetchAnswer}. */
export function fetchEntries<T>(options: FetchEntriesOptions<T>): Promise<FetchResult<FetchedEntries<T>>> {
  return fetchAnswer(options, entryBatchMime, (response, roundTripMs) => readAnswer(options, response, roundTripMs));
}

async function readAnswer<T>(
  { meta, maxBytes }: FetchEntriesOptions<T>,
  response: Response,
  roundTripMs: number,
): Promise<FetchResult<FetchedEntries<T>>> {
  const { status, headers } = response;
  const mime = mimeOf(response);
  if (mime !== entryBatchMime) return fetchFailure(`not entries (${mime === '' ? 'no content type' : mime})`, status);
  const bytes = await readBytes(response, maxBytes);
  if (bytes === null) return fetchFailure(`answer larger than ${formatBytes(maxBytes)}`, status);
  try {
    const decoded = decodeEntryBatch(bytes);
    const parsed = meta.safeParse(decoded.meta);
    if (!parsed.success) return fetchFailure(`answer is not what was expected: ${formatIssue(parsed.error)}`, status);
    return { kind: 'ok', value: { meta: parsed.data, batch: decoded.batch }, roundTripMs, headers };
  } catch (error) {
    if (!(error instanceof EntryBatchError)) throw error;
    return fetchFailure(`broken entries: ${error.message}`, status);
  }
}
