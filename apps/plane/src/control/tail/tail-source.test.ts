import { createServer, type RequestListener } from 'node:http';
import { encodeEntryBatch, entryBatchMime, NodeEntriesQuery, problemOf } from '@rankscope/schema';
import { afterEach, expect, test } from 'vitest';
import { batchOf, namesOf } from '../entries/rows.fixture.ts';
import { peerSource, type TailAsked } from './tail-source.ts';

const open: { close(): unknown; closeAllConnections(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function ask(handler: RequestListener, query: Partial<NodeEntriesQuery> = {}, token: string | null = null) {
  const server = createServer(handler);
  open.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const bound = server.address();
  const url = `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`;
  const source = peerSource({ url, deadlineMs: 300, token });
  return source(NodeEntriesQuery.parse(query), new AbortController().signal);
}

const head = {
  ...{ nodeId: 'n', bootId: null, generatedAt: '2026-11-22T02:41:07.412913Z', cursor: 'c1', more: false, dropped: [] },
  ...{ runtime: { nodeId: 'n', hostname: 'h', isMaster: false, cwd: '.' }, runners: [] },
};
const errorOf = (asked: TailAsked) => (asked.kind === 'ok' ? 'it was fine' : asked.error);

test('a peer is asked behind the cursor, with the token, and its columns come whole', async () => {
  let seen: (string | undefined)[] = [];
  const asked = await ask(
    (request, answer) => {
      seen = [request.url, request.headers.accept, request.headers.authorization];
      const bytes = encodeEntryBatch(batchOf([{ runnerId: 'r', seq: 7, atUs: 1 }]), head);
      answer.setHeader('content-type', entryBatchMime).end(bytes);
    },
    { after: 'e1.abcdefgh5', waitMs: 100, limit: 10 },
    'a-token-of-some-length',
  );
  expect(seen).toEqual([
    '/v1/diagnostics/node/entries?after=e1.abcdefgh5&waitMs=100&limit=10',
    entryBatchMime,
    'Bearer a-token-of-some-length',
  ]);
  if (asked.kind !== 'ok') throw new Error(asked.error);
  expect([asked.head.cursor, namesOf(asked.batch)]).toEqual(['c1', ['r/ 7']]);
});

test('a peer that does not know its cursor is told apart from one that fails', async () => {
  const refuse: RequestListener = (_, answer) => {
    const problem = problemOf('bad_query', 'after: no cursor of this node', null);
    answer.writeHead(422, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  };
  expect((await ask(refuse, { after: 'old' })).kind).toBe('cursor refused');
  expect((await ask(refuse)).kind, 'without a cursor it is something else').toBe('failed');
});

test('whatever else a peer answers is a sentence', async () => {
  const html = await ask((_, answer) => answer.setHeader('content-type', 'text/html').end('<html>'));
  expect(errorOf(html)).toBe('not entries (text/html)');
  const silent = await ask(() => undefined, { waitMs: 200 });
  expect(errorOf(silent)).toBe('no answer in 500 ms');
  const huge = await ask((_, answer) => {
    answer.writeHead(200, { 'content-type': entryBatchMime, 'content-length': 200 * 1024 * 1024 }).write('RSEB');
  });
  expect(errorOf(huge)).toBe('answer larger than 64 MiB');
  const endless = await ask((_, answer) => {
    answer.writeHead(200, { 'content-type': entryBatchMime });
    const timer = setInterval(() => answer.write('x'), 5);
    answer.on('close', () => clearInterval(timer));
  });
  expect(errorOf(endless)).toBe('no answer in 300 ms');
});
