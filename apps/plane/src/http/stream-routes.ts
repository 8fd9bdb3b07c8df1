import {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ProblemError,
  problemOf,
  TimelineChange,
  TimelineQuery,
} from '@rankscope/schema';
import type { FedChange } from '../cluster/gather/timeline-feed.ts';
import { type ChatAnswer, chatCompletion } from '../operations/chat-completion.ts';
import { watchTimeline } from '../operations/watch-timeline.ts';
import { eventStream, type SentEvent } from './event-stream.ts';
import { parseBody, parseQuery } from './read-input.ts';
import type { Route } from './route.ts';

/** Routes whose answer goes on after its first byte. */
export const streamRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/diagnostics/cluster/timeline/stream',
    summary:
      'The timeline as it grows: a snapshot, then what changed. With Last-Event-ID, within ten seconds, what was missed.',
    query: TimelineQuery,
    answers: { 'text/event-stream': TimelineChange },
    handle(call, ctx) {
      const query = parseQuery(TimelineQuery, call.req.query());
      const lastEventId = call.req.header('last-event-id');
      return eventStream(changeEvents(watchTimeline(ctx, { query, lastEventId, signal: call.req.raw.signal })));
    },
  },
  {
    method: 'post',
    path: '/v1/chat/completions',
    summary: 'Answers a chat, whole or in pieces. A client that goes away cancels it on all ranks.',
    body: ChatCompletionRequest,
    answers: { 'application/json': ChatCompletion, 'text/event-stream': ChatCompletionChunk },
    async handle(call, ctx) {
      const request = parseBody(ChatCompletionRequest, await call.req.text());
      const answer = chatCompletion(ctx, request, call.req.raw.signal);
      const headers = headersOf(answer);
      if (request.stream) return eventStream(chunkEvents(answer, call.req.path), headers);
      for (const [name, value] of Object.entries(headers)) call.header(name, value);
      return call.json(await answer.whole());
    },
  },
];

async function* changeEvents(changes: AsyncGenerator<FedChange>): AsyncGenerator<SentEvent> {
  for await (const { id, change } of changes) yield { id, event: change.kind, data: JSON.stringify(change) };
}

/** A break is one last chunk that says why, as OpenAI's clients read it; the stream then ends as always. */
async function* chunkEvents(answer: ChatAnswer, path: string): AsyncGenerator<SentEvent> {
  try {
    for await (const chunk of answer.chunks()) yield { data: JSON.stringify(chunk) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    yield { data: JSON.stringify(problemOf(error.code, error.message, path)) };
  }
  yield { data: '[DONE]' };
}

function headersOf({ commandId, ignored }: ChatAnswer): Record<string, string> {
  return {
    'x-rankscope-command-id': commandId,
    ...(ignored.length > 0 && {
      'x-rankscope-ignored': ignored
        .map((key) => encodeURIComponent(key))
        .join(', ')
        .slice(0, 1024),
    }),
  };
}
