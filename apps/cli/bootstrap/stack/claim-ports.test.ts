import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { claimPorts } from './claim-ports.ts';

const held: Server[] = [];
afterEach(() => {
  for (const server of held.splice(0)) server.close();
});

async function takePort(): Promise<number> {
  const server = createServer();
  held.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('a wish is granted where it is free, and said where it is not', async () => {
  const taken = await takePort();
  const { ports: free } = await claimPorts({ any: 0 });
  const { ports, moved } = await claimPorts({ first: free.any, second: taken, third: 0 });
  expect(ports.first).toBe(free.any);
  expect(moved).toEqual(['second']);
  expect(new Set([...Object.values(ports), taken]).size).toBe(4);
});
