import { ChatCompletionChunk, type ChatCompletionRequest, Problem } from '@rankscope/schema';
import { z } from 'zod';
import { openStream, StreamError } from './open-stream.ts';

export interface StreamChatOptions {
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly request: ChatCompletionRequest;
  /** Ends the answer; the plane cancels the task when we go away. */
  readonly signal: AbortSignal;
}

/** A request may stand in a queue behind others before its answer begins. */
const openMs = 1_800_000;
/** A long prompt is silent while it is prefilled. */
const silenceMs = 600_000;

/** An error in the middle of a stream: OpenAI's form, or a whole problem. */
const ErrorChunk = z.union([Problem, z.looseObject({ error: z.looseObject({ message: z.string() }) })]);

/** The pieces of an answer as they are made. Throws a StreamError with the plane's sentence when the task fails. */
export async function* streamChat({ baseUrl, headers, request, signal }: StreamChatOptions): AsyncGenerator<string> {
  const body = { ...request, stream: true };
  const url = `${baseUrl}/v1/chat/completions`;
  for await (const { data } of openStream({ url, body, headers, signal, deadlineMs: openMs, silenceMs })) {
    if (data === '[DONE]') return;
    const json = parse(data);
    const failure = ErrorChunk.safeParse(json);
    if (failure.success) throw new StreamError(failure.data.error.message, null, Problem.safeParse(json).data ?? null);
    const chunk = ChatCompletionChunk.safeParse(json);
    if (!chunk.success) throw new StreamError('the answer’s stream holds something that is no part of an answer');
    const text = chunk.data.choices[0]?.delta.content ?? '';
    if (text !== '') yield text;
  }
  if (!signal.aborted) throw new StreamError('the answer’s stream ended before the answer did');
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
