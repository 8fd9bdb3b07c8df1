import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { problemOf, type TimelineChange } from '@rankscope/schema';
import { afterEach, expect, test } from 'vitest';
import { createPlaneClient } from './plane-client.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function planeOf(handler: RequestListener) {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', () => ready()));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return createPlaneClient(`http://127.0.0.1:${bound.port}/`, { token: 'secret-secret-secret' });
}

const json = (res: ServerResponse, value: unknown) =>
  res.setHeader('content-type', 'application/json').end(JSON.stringify(value));
const sse = (res: ServerResponse) => res.writeHead(200, { 'content-type': 'text/event-stream' });
const chunk = (content: string) =>
  JSON.stringify({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
  });
const request = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };

test('a call goes to its path, with its query and its token', async () => {
  const seen: (string | undefined)[] = [];
  const plane = await planeOf((req, res) => {
    seen.push(req.url, req.headers.authorization);
    json(res, {
      generatedAt: '2026-01-01T00:00:00Z',
      localNodeId: 'a',
      masterNodeId: null,
      runners: [],
      timeline: [],
      unreachableNodes: [],
    });
  });
  expect((await plane.timeline({ limit: 5, taskId: 'a b' })).kind).toBe('ok');
  expect(seen).toEqual(['/v1/diagnostics/cluster/timeline?limit=5&taskId=a+b', 'Bearer secret-secret-secret']);
});

test('a fault goes to the node that was named', async () => {
  const fault = { kind: 'hang', at: null, after: 0, delayMs: 300 } as const;
  const plane = await planeOf((req, res) =>
    json(res, { nodeId: req.url, runnerId: 'r', instanceId: 'i', deviceRank: 1, fault, message: 'ok' }),
  );
  expect(await plane.inject('n/1', { kind: 'hang', rank: 1 })).toMatchObject({
    value: { nodeId: '/v1/diagnostics/cluster/n%2F1/inject' },
  });
  expect(await plane.inject(null, { kind: 'hang', rank: 1 })).toMatchObject({
    value: { nodeId: '/v1/diagnostics/node/inject' },
  });
});

test('the pieces of an answer come as they are made', async () => {
  const plane = await planeOf((_, res) => {
    sse(res).write(`data: ${chunk('Par')}\n\n`);
    setTimeout(() => res.end(`data: ${chunk('is')}\n\ndata: [DONE]\n\n`), 20);
  });
  expect(await collect(plane.streamChat(request, new AbortController().signal))).toEqual(['Par', 'is']);
});

test('a task that fails in the middle ends in the plane’s sentence; a cut stream is not an answer', async () => {
  const failing = await planeOf((_, res) =>
    sse(res).end(
      `data: ${chunk('Pa')}\n\ndata: ${JSON.stringify(problemOf('rank_failed', 'Rank 1 was killed.', null))}\n\n`,
    ),
  );
  await expect(collect(failing.streamChat(request, new AbortController().signal))).rejects.toThrow(
    'Rank 1 was killed.',
  );
  const cut = await planeOf((_, res) => sse(res).end(`data: ${chunk('Pa')}\n\n`));
  await expect(collect(cut.streamChat(request, new AbortController().signal))).rejects.toThrow(
    'ended before the answer did',
  );
  const refused = await planeOf((_, res) =>
    res
      .writeHead(503, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify(problemOf('instance_not_ready', 'Still loading.', null))),
  );
  await expect(collect(refused.streamChat(request, new AbortController().signal))).rejects.toThrow(
    'HTTP 503: Still loading.',
  );
});

test('an answer that is no longer wanted hangs up', async () => {
  let hungUp = () => {};
  const gone = new Promise<void>((resolve) => (hungUp = resolve));
  const plane = await planeOf((_, res) => {
    sse(res).write(`data: ${chunk('Once')}\n\n`);
    res.on('close', hungUp);
  });
  const controller = new AbortController();
  const heard: string[] = [];
  for await (const text of plane.streamChat(request, controller.signal)) {
    heard.push(text);
    controller.abort();
  }
  await gone;
  expect(heard).toEqual(['Once']);
});

test('watching goes on after a break, from the last event heard, and ends when told', async () => {
  const analysis = {
    generatedAt: '2026-01-01T00:00:00Z',
    localNodeId: 'a',
    masterNodeId: null,
    runners: [],
    instances: [],
    clocks: [],
    nodes: [],
    history: null,
    verdicts: [],
    attribution: [],
  };
  const delta: TimelineChange = {
    kind: 'delta',
    generatedAt: 'now',
    masterNodeId: null,
    runners: [],
    entries: [],
    unreachableNodes: [],
    analysis,
  };
  const asked: unknown[] = [];
  const plane = await planeOf((req, res) => {
    asked.push(req.headers['last-event-id']);
    if (asked.length === 2) return void res.writeHead(503).end();
    sse(res).write(`: ping\n\nid: ${asked.length}\ndata: ${JSON.stringify(delta)}\n\n`);
    if (asked.length === 1) setTimeout(() => res.destroy(), 30);
  });
  const controller = new AbortController();
  const breaks: string[] = [];
  let heard = 0;
  for await (const change of plane.watchTimeline(controller.signal, (reason) => breaks.push(reason))) {
    expect(change).toEqual(delta);
    heard += 1;
    if (heard === 2) controller.abort();
  }
  expect(asked).toEqual([undefined, '1', '1']);
  expect(breaks).toEqual([expect.stringContaining('closed the connection'), 'HTTP 503']);
});

test('a plane without that path is not asked again and again', async () => {
  const plane = await planeOf((_, res) => res.writeHead(404).end());
  await expect(collect(plane.watchTimeline(new AbortController().signal))).rejects.toThrow('HTTP 404');
});

/** Array.fromAsync, which the compiler's ES2024 does not know yet. */
async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
