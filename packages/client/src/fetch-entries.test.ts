import { createServer, type RequestListener } from 'node:http';
import { addEntry, EntryBatchBuilder, encodeEntryBatch, entryAt, entryBatchMime } from '@rankscope/schema';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { fetchEntries } from './fetch-entries.ts';

const open: { close(): unknown; closeAllConnections(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function answering(handler: RequestListener, maxBytes = 1_000_000) {
  const server = createServer(handler);
  open.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
  return fetchEntries({
    url: `http://127.0.0.1:${port}/`,
    meta: z.object({ cursor: z.string() }),
    deadlineMs: 2_000,
    maxBytes,
  });
}

const entry = {
  at: '2026-11-22T02:41:07.412913Z',
  phase: 'idle',
  event: 'enter',
  detail: null,
  attrs: { seq: 7 },
  taskId: null,
  commandId: null,
  mlxMemory: null,
};

function batchBytes(meta: unknown): Uint8Array {
  const builder = new EntryBatchBuilder();
  const who = { nodeId: 'n', runnerId: 'r', instanceId: 'i', modelId: 'm', deviceRank: 0, worldSize: 1, attempt: 1 };
  addEntry(builder, builder.source({ ...who, recorder: '' }), entry);
  return encodeEntryBatch(builder.build(), meta);
}

const sent = (bytes: Uint8Array, mime = entryBatchMime): RequestListener => {
  return (_, answer) => answer.setHeader('content-type', mime).end(bytes);
};

test('entries come with what lies beside them, and were asked for by their name', async () => {
  let accept = '';
  const answer = await answering((request, response) => {
    accept = request.headers.accept ?? '';
    sent(batchBytes({ cursor: 'c' }))(request, response);
  });
  expect(accept).toBe(entryBatchMime);
  if (answer.kind !== 'ok') throw new Error(answer.error);
  expect(answer.value.meta).toEqual({ cursor: 'c' });
  expect(entryAt(answer.value.batch, 0)).toMatchObject(entry);
});

test('what is no such answer is a sentence', async () => {
  const errorOf = async (handler: RequestListener, maxBytes?: number) => {
    const answer = await answering(handler, maxBytes);
    return answer.kind === 'failed' ? answer.error : 'it was fine';
  };
  expect(await errorOf(sent(Buffer.from('<html>'), 'text/html'))).toBe('not entries (text/html)');
  expect(await errorOf(sent(Buffer.from('<html>')))).toMatch(/^broken entries: /);
  expect(await errorOf(sent(batchBytes({ cursor: 'c' }).subarray(0, -8)))).toMatch(/^broken entries: /);
  expect(await errorOf(sent(batchBytes({})))).toMatch(/^answer is not what was expected: cursor/);
  expect(await errorOf(sent(batchBytes({ cursor: 'c' })), 100)).toBe('answer larger than 100 bytes');
  expect(await errorOf((_, answer) => answer.writeHead(500).end())).toBe('HTTP 500');
});
