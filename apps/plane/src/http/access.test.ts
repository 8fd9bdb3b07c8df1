import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { checkToken, type Tokens } from './access.ts';

const [token, joinToken, readToken] = ['an-operators-token', 'a-token-of-planes', 'a-token-of-readers'];

/** Every door answers 200, so that what is refused was refused by its token. */
function houseWith(tokens: Partial<Tokens>) {
  const app = new Hono();
  app.use('*', checkToken({ token: null, joinToken: null, readToken: null, ...tokens }));
  app.all('*', (call) => call.text('open'));
  return async (door: string, given?: string) => {
    const [method = '', path = ''] = door.split(' ');
    const headers = given === undefined ? {} : { authorization: `Bearer ${given}` };
    const answer = await app.request(path, { method, headers });
    return { status: answer.status, text: await answer.text() };
  };
}

test.each([
  ['GET /node_id', 'ooo'],
  ['GET /v1/diagnostics/node', 'ooo'],
  ['GET /v1/diagnostics/node/entries', 'ooo'],
  ['POST /v1/diagnostics/node/inject', 'oo-'],
  ['POST /v1/cluster/report', 'oo-'],
  ['GET /v1/cluster/last-words', 'ooo'],
  ['POST /v1/traces', 'oo-'],
  ['POST /v1/logs', 'oo-'],
  ['GET /v1/nodes', 'o-o'],
  ['GET /v1/diagnostics/cluster/timeline', 'o-o'],
  ['POST /v1/diagnostics/cluster/n/inject', 'o--'],
  ['POST /v1/chat/completions', 'o--'],
  ['GET /v1/diagnostics/nodes', 'o-o'],
  ['GET /v1/diagnostics/node/../cluster', 'o-o'],
  ['GET /v1/diagnostics/node/%2e%2e/cluster', 'o-o'],
  ['GET /metrics', 'o-o'],
  ['GET /trpc/timeline', 'o-o'],
  ['POST /trpc/inject', 'o--'],
])('%s is open to operators, planes, readers: %s', async (door, expected) => {
  const ask = houseWith({ token, joinToken, readToken });
  const answers = await Promise.all([token, joinToken, readToken].map((given) => ask(door, given)));
  expect(answers.map(({ status }) => (status === 200 ? 'o' : '-')).join('')).toBe(expected);
  expect((await ask(door, 'a-token-of-nobody')).status).toBe(401);
  expect((await ask(door)).status).toBe(401);
});

test('where operators need no token, the join token still closes what only planes call', async () => {
  const ask = houseWith({ joinToken });
  expect((await ask('POST /v1/cluster/report')).status).toBe(401);
  expect((await ask('POST /v1/cluster/report', joinToken)).status).toBe(200);
  expect((await ask('GET /v1/diagnostics/node')).status).toBe(200);
});

test('signs of life and the page that asks for the token are open', async () => {
  const ask = houseWith({ token, joinToken });
  for (const path of ['/healthz', '/readyz', '/', '/timeline.html', '/_next/x.js'])
    expect([path, (await ask(`GET ${path}`)).status]).toEqual([path, 200]);
});

test('who is refused is told which token is meant', async () => {
  const ask = houseWith({ token, joinToken });
  expect((await ask('GET /v1/diagnostics/node')).text).toContain('<RANKSCOPE_TOKEN or RANKSCOPE_JOIN_TOKEN>');
  expect((await ask('GET /metrics')).text).toContain('<RANKSCOPE_TOKEN>');
});
