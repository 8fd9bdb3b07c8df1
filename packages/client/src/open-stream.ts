import type { Problem } from '@rankscope/schema';
import { describeFetchFailure } from './fetch-failure.ts';
import { openDeadline } from './open-deadline.ts';
import { readRefusal } from './read-refusal.ts';
import { readSse, type SseEvent } from './sse.ts';

export interface OpenStreamOptions {
  readonly url: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Until the answer begins. */
  readonly deadlineMs: number;
  /** Longest silence afterwards; servers ping more often. */
  readonly silenceMs: number;
}

/** A stream that could not be opened, or broke. The message is a sentence for people. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly status: number | null;
  readonly problem: Problem | null;
  constructor(message: string, status: number | null = null, problem: Problem | null = null, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.problem = problem;
  }
}

/**
 * Opens a stream of server-sent events. Ends when the server ends it or the caller's signal fires; throws a StreamError
 * when it breaks. A stream has no deadline as a whole, but every wait within it has one.
 */
export async function* openStream(options: OpenStreamOptions): AsyncGenerator<SseEvent> {
  const { url, signal, deadlineMs, silenceMs } = options;
  const opening = openDeadline(deadlineMs, signal);
  let silent = false;
  let timer: NodeJS.Timeout | undefined;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      silent = true;
      opening.close();
    }, silenceMs);
  };
  try {
    const response = await fetch(url, requestOf(options, opening.signal));
    opening.met();
    if (!response.ok) throw await refusalOf(response);
    const mime = response.headers.get('content-type') ?? '';
    if (!mime.startsWith('text/event-stream') || response.body === null)
      throw new StreamError(`not a stream (${mime || 'no content type'})`);
    listen();
    yield* readSse(heard(response.body, listen));
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof StreamError) throw error;
    const late = opening.expired() ? `no answer in ${deadlineMs} ms` : silent ? `silent for ${silenceMs} ms` : null;
    throw new StreamError(late ?? describeFetchFailure(error, url), null, null, { cause: error });
  } finally {
    clearTimeout(timer);
    opening.close();
  }
}

async function* heard(body: AsyncIterable<Uint8Array>, listen: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    listen();
    yield chunk;
  }
}

function requestOf({ body, headers }: OpenStreamOptions, signal: AbortSignal): RequestInit {
  const accept = { accept: 'text/event-stream', ...headers };
  if (body === undefined) return { headers: accept, signal, redirect: 'manual' };
  return {
    method: 'POST',
    headers: { ...accept, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
    redirect: 'manual',
  };
}

async function refusalOf(response: Response): Promise<StreamError> {
  const { error, status, problem } = await readRefusal(response);
  return new StreamError(error, status, problem);
}
