import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { OpenSpan, SpanDraft, SpanValues, Tracing } from '../tracing/tracing.ts';
import { traceRequests } from './trace-requests.ts';

interface Told {
  name: string;
  values: SpanValues;
  failed: string | null;
}

/** Keeps what it is told, in place of an SDK. */
function keepingTracing(): { tracing: Tracing; told: Told[] } {
  const told: Told[] = [];
  const begin = ({ name, values = {} }: SpanDraft): OpenSpan => {
    const one: Told = { name, values, failed: null };
    told.push(one);
    return {
      rename(renamed) {
        one.name = renamed;
      },
      set(more) {
        one.values = { ...one.values, ...more };
      },
      fail(errorType) {
        one.failed = errorType;
      },
      end: () => undefined,
    };
  };
  const tracing: Tracing = { begin, inSpan: (draft, work) => work(begin(draft)), close: async () => undefined };
  return { tracing, told };
}

test('a request is a span of its route with its status, and what telemetry itself brings is none', async () => {
  const { tracing, told } = keepingTracing();
  const app = new Hono();
  app.onError((_, call) => call.text('broken', 500));
  app.use('*', traceRequests(tracing));
  app.get('/v1/nodes/:id', (call) => call.text(call.req.param('id')));
  app.get('/broken', () => {
    throw new Error('our bug');
  });
  app.post('/v1/traces', (call) => call.text('taken'));
  app.post('/v1/logs', (call) => call.text('taken'));
  app.notFound((call) => call.text('no', 404));
  for (const path of ['/v1/nodes/7', '/broken', '/nowhere/secret']) await app.request(path);
  for (const path of ['/v1/traces', '/v1/logs']) await app.request(path, { method: 'POST' });
  expect(told.map(({ name, values, failed }) => [name, values['http.response.status_code'], failed])).toEqual([
    ['GET /v1/nodes/:id', 200, null],
    ['GET /broken', 500, '500'],
    ['GET /*', 404, null],
  ]);
});
