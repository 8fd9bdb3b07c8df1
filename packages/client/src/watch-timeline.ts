import { TimelineChange } from '@rankscope/schema';
import { formatIssue } from './fetch-failure.ts';
import { openStream, StreamError } from './open-stream.ts';

export interface WatchTimelineOptions {
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Told why whenever the stream broke and is about to be opened again. */
  readonly onBreak: (reason: string) => void;
}

const openMs = 10_000;
/** The plane pings every two seconds. */
const silenceMs = 15_000;
const firstRetryMs = 250;
/** A plane that is restarted should be found again while somebody still looks. */
const lastRetryMs = 5_000;

/**
 * The live timeline: a snapshot, then changes, for as long as the signal lets it. A broken stream is opened again from
 * the last event that was heard; a plane that no longer knows that event starts with a snapshot.
 */
export async function* watchTimeline(options: WatchTimelineOptions): AsyncGenerator<TimelineChange> {
  const { baseUrl, headers, signal, onBreak } = options;
  const url = `${baseUrl}/v1/diagnostics/cluster/timeline/stream`;
  let lastId: string | null = null;
  let retryMs = firstRetryMs;

  while (!signal.aborted) {
    const resume: Record<string, string> = lastId === null ? {} : { 'last-event-id': lastId };
    try {
      for await (const { data, id } of openStream({
        url,
        headers: { ...headers, ...resume },
        signal,
        deadlineMs: openMs,
        silenceMs,
      })) {
        yield parseChange(data);
        lastId = id ?? lastId;
        retryMs = firstRetryMs;
      }
      if (!signal.aborted) onBreak('the plane ended the stream');
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      // A refusal (no such path, no right) is not a break: asking again gets the same answer.
      if (error.status !== null && error.status < 500) throw error;
      onBreak(error.message);
    }
    await pause(retryMs, signal);
    retryMs = Math.min(retryMs * 2, lastRetryMs);
  }
}

function parseChange(data: string): TimelineChange {
  let json: unknown = null;
  try {
    json = JSON.parse(data);
  } catch (error) {
    throw new StreamError('the stream holds something that is not JSON', null, null, { cause: error });
  }
  const parsed = TimelineChange.safeParse(json);
  if (!parsed.success) throw new StreamError(`the stream holds something unexpected: ${formatIssue(parsed.error)}`);
  return parsed.data;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
