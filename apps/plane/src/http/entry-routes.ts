import {
  encodeEntryBatch,
  entryBatchJson,
  entryBatchMime,
  NodeDiagnostics,
  NodeDiagnosticsQuery,
  NodeEntriesAnswer,
  NodeEntriesQuery,
  TimelineQuery,
} from '@rankscope/schema';
import type { Context as Call } from 'hono';
import { lastWords } from '../operations/last-words.ts';
import { timelineColumns } from '../operations/timeline-columns.ts';
import { parseQuery } from './read-input.ts';
import { jsonRoute, type Route } from './route.ts';

/** Routes that answer recorded entries at full resolution, and what was kept of them. */
export const entryRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/diagnostics/node/entries',
    summary:
      'What the recorders of this machine hold behind a cursor, at full resolution, as columns; waits if asked to.',
    query: NodeEntriesQuery,
    answers: { 'application/json': NodeEntriesAnswer, [entryBatchMime]: null },
    async handle(call, ctx) {
      const query = parseQuery(NodeEntriesQuery, call.req.query());
      const { head, batch } = await ctx.entries.read(query, call.req.raw.signal);
      if (wantsBytes(call)) return bytesAnswer(encodeEntryBatch(batch, head));
      return call.json({ ...head, batch: entryBatchJson(batch) }, 200, { 'cache-control': 'no-store' });
    },
  },
  {
    method: 'get',
    path: '/v1/diagnostics/cluster/timeline/columns',
    summary:
      'The timeline with its entries as binary columns, by recorder and number; the rest of it lies beside them.',
    query: TimelineQuery,
    answers: { [entryBatchMime]: null },
    async handle(call, ctx) {
      const { head, batch } = await timelineColumns(ctx, parseQuery(TimelineQuery, call.req.query()));
      return bytesAnswer(encodeEntryBatch(batch, head));
    },
  },
  jsonRoute({
    method: 'get',
    path: '/v1/diagnostics/cluster/{nodeId}/last-words',
    summary: 'What a node last said, whether or not it still answers. Only the leading plane keeps it.',
    query: NodeDiagnosticsQuery,
    answer: NodeDiagnostics,
    run: (ctx, { param, query }) => lastWords(ctx, param('nodeId'), query),
  }),
];

/** Bytes for whoever names them; JSON for everybody else, browsers with their lists of everything included. */
function wantsBytes(call: Call): boolean {
  return (call.req.header('accept') ?? '').includes(entryBatchMime);
}

function bytesAnswer(bytes: Uint8Array<ArrayBuffer>): Response {
  const headers = {
    'content-type': entryBatchMime,
    'content-length': String(bytes.length),
    'cache-control': 'no-store',
  };
  return new Response(bytes, { headers });
}
