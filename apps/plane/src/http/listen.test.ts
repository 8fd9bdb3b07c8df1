import { createServer } from 'node:net';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { listen } from './listen.ts';

const plane = new Hono().get('/node_id', (call) => call.json('node-a'));

test('a port that a plane has is refused with its name, the port and the flag', async () => {
  const first = await listen(plane, { host: '127.0.0.1', port: 0 });
  if (first.kind !== 'listening') throw new Error(first.reason);
  const port = Number(new URL(first.door.url).port);
  const second = await listen(plane, { host: '127.0.0.1', port });
  expect(second.kind === 'refused' && second.reason).toMatch(
    new RegExp(`port ${port} is in use, a Rankscope plane \\(node node-a\\).*--port`),
  );
  await first.door.close();
});

test('a port that something else has is refused as well', async () => {
  const other = createServer((socket) => socket.end('hello\n'));
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const refused = await listen(plane, { host: '127.0.0.1', port });
  expect(refused.kind === 'refused' && refused.reason).toMatch(/another program listens there/);
  other.close();
});

test('an address that is not ours is refused with its name', async () => {
  const refused = await listen(plane, { host: '203.0.113.7', port: 0 });
  expect(refused.kind === 'refused' && refused.reason).toMatch(/cannot listen on 203\.0\.113\.7/);
});

test('a cursor of 64 KiB is not too long for an address', async () => {
  const listened = await listen(plane, { host: '127.0.0.1', port: 0 });
  if (listened.kind !== 'listening') throw new Error(listened.reason);
  const answer = await fetch(`${listened.door.url}/node_id?after=${'a'.repeat(65_536)}`);
  expect([answer.status, await answer.json()]).toEqual([200, 'node-a']);
  await listened.door.close();
});
