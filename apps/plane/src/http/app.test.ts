import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock, createLog } from '@rankscope/daemon';
import { NodeDiagnostics, Problem, problemCodes } from '@rankscope/schema';
import { afterAll, describe, expect, test } from 'vitest';
import { createCluster } from '../cluster/gather/gather.ts';
import { openConfiguredPeers } from '../cluster/gather/peer-book.ts';
import { createTimelineFeed } from '../cluster/gather/timeline-feed.ts';
import { createLazyIntake } from '../control/intake/lazy-intake.ts';
import { openNodeEntries } from '../node/expose/node-entries.ts';
import type { Context } from '../operations/context.ts';
import { createMetrics } from '../operations/metrics/metrics.ts';
import { noTracing } from '../tracing/tracing.ts';
import { createApp } from './app.ts';

const at = '2026-11-22T02:41:07.412913Z';
const runtime = { nodeId: 'node-a', hostname: 'h', isMaster: true, cwd: '.' };
const diagnostics = NodeDiagnostics.parse({ generatedAt: at, runtime, resources: {} });
const dir = mkdtempSync(join(tmpdir(), 'rankscope-app-'));
afterAll(() => rmSync(dir, { recursive: true }));

const clock = createClock();
const logged: string[] = [];
const log = createLog({ level: 'error', wallNs: clock.wallNs, write: (line) => logged.push(line) });

function appWith(more: Partial<Context> = {}, token: string | null = null) {
  const view = { diagnose: () => diagnostics, close: () => undefined };
  const book = openConfiguredPeers({ path: join(dir, 'peers.json'), urls: [], onTrouble: log.warn });
  const cluster = createCluster({
    localNodeId: 'node-a',
    book,
    deadlineMs: 100,
    token: null,
    diagnose: view.diagnose,
    lastWords: () => Promise.resolve(null),
    nowMs: () => 0,
    wallNs: clock.wallNs,
  });
  const entries = openNodeEntries({
    nodeId: 'node-a',
    bootId: 'boot',
    runnersDir: dir,
    clock,
    log,
    diagnose: view.diagnose,
  });
  const feed = createTimelineFeed({ cluster, wallNs: clock.wallNs });
  const ctx: Context = {
    nodeId: 'node-a',
    injectAllowed: true,
    nodeDeadlineMs: 100,
    taskDeadlineMs: 1_000,
    incarnation: '01a2040d-ee42-77d5-a1be-00000000000a',
    planeToken: null,
    clock,
    newId: () => '01a2040d-ee42-77d5-a1be-000000000001',
    newSeed: () => 1,
    view,
    entries,
    keeping: null,
    cluster,
    membership: { role: 'peers' },
    takesJoins: false,
    feed,
    metrics: createMetrics({ nodeId: 'node-a', sources: [], log }),
    tracing: noTracing,
    intake: createLazyIntake({
      wallNs: clock.wallNs,
      log,
      knowsRunner: () => false,
      expectsNode: () => false,
      onBatch: null,
    }),
    wantsModel: true,
    serving: () => null,
    whyNotServing: () => 'the model is being prepared',
    ...more,
  };
  return createApp({
    ctx,
    log,
    tokens: { token, joinToken: null, readToken: null },
    webDir: join(dir, 'none'),
    url: () => 'http://127.0.0.1:52777',
  });
}

async function problemOf(answer: Response | Promise<Response>): Promise<Problem> {
  const response = await answer;
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = Problem.parse(await response.json());
  expect(problem.status).toBe(response.status);
  return problem;
}

const json = (body: string) => ({ method: 'POST', body, headers: { 'content-type': 'application/json' } });
const inject = '/v1/diagnostics/node/inject';

describe('what callers get wrong is said in a sentence', () => {
  const app = appWith();
  const cases: readonly [string, string, RequestInit | undefined, keyof typeof problemCodes, RegExp][] = [
    ['a path that is not there', '/v1/nothing', undefined, 'not_found', /GET \/v1\/nothing/],
    [
      'a query that is no number',
      '/v1/diagnostics/node?limit=many',
      undefined,
      'bad_query',
      /^limit: must be a whole number from 0 to 65536$/,
    ],
    [
      'a query that is not known',
      '/v1/diagnostics/cluster/timeline?instance=x',
      undefined,
      'bad_query',
      /did you mean "instanceId"/,
    ],
    [
      'a body that is not JSON',
      inject,
      json('{"kind":hang}'),
      'bad_json',
      /position 8 \(line 1, column 9\): found "h"/,
    ],
    ['no body', inject, json(''), 'bad_json', /empty/],
    [
      'a key that is misspelt',
      inject,
      json('{"kind":"kill","rnk":1,"rank":1}'),
      'bad_body',
      /unknown key "rnk"; did you mean "rank"/,
    ],
    ['a value that is not known', inject, json('{"kind":"burn","rank":1}'), 'bad_body', /^kind: .*hang/],
    ['a rank where none runs', inject, json('{"kind":"kill","rank":1}'), 'rank_not_found', /being prepared/],
    ['a node that is not there', '/v1/diagnostics/cluster/b', undefined, 'node_not_found', /known are node-a/],
    [
      'a model that is not ready',
      '/v1/chat/completions',
      json('{"model":"m","messages":[{"role":"user","content":"x"}]}'),
      'instance_not_ready',
      /prepared/,
    ],
    ['a chat without messages', '/v1/chat/completions', json('{"model":"m","messages":[]}'), 'bad_body', /^messages: /],
    [
      'a role that no template knows',
      '/v1/chat/completions',
      json('{"model":"m","messages":[{"role":"tool","content":"x"}]}'),
      'bad_body',
      /^messages\[0\]\.role: .*system, developer, user, assistant/,
    ],
    [
      'content that is no text',
      '/v1/chat/completions',
      json('{"model":"m","messages":[{"role":"user","content":7}]}'),
      'bad_body',
      /^messages\[0\]\.content: .*a string, or a list of text parts/,
    ],
    [
      'more tokens than anybody has',
      '/v1/chat/completions',
      json('{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":1e12}'),
      'bad_body',
      /^max_tokens: .*from 1 to 1048576/,
    ],
    ['a command that is not known', '/v1/cancel/x', json('{}'), 'task_not_found', /x/],
    ['a body of 17 MiB', inject, json(' '.repeat(17 * 1024 * 1024)), 'body_too_large', /16 MiB/],
  ];
  for (const [what, path, init, code, detail] of cases) {
    test(what, async () => {
      const problem = await problemOf(app.request(path, init));
      expect([problem.error.code, problem.status]).toEqual([code, problemCodes[code].status]);
      expect(problem.detail).toMatch(detail);
    });
  }
});

test('a bug of ours is a 500 that tells the caller nothing and the log everything', async () => {
  const app = appWith({
    view: {
      diagnose: () => {
        throw new TypeError('inner workings');
      },
      close: () => undefined,
    },
  });
  const problem = await problemOf(app.request('/v1/diagnostics/node'));
  expect(problem.error.code).toBe('internal');
  expect(problem.detail).not.toContain('inner workings');
  expect(logged.join()).toContain('inner workings');
});

test('the other door tells no more: no stack, no path of this machine, no word of a bug', async () => {
  const broken = () => {
    throw new TypeError('inner workings');
  };
  const app = appWith({ clock: { ...clock, wallNs: broken } });
  const errorOf = async (path: string, init?: RequestInit) => {
    const text = await (await app.request(path, init)).text();
    expect(text).not.toMatch(/stack|\.ts|inner workings|node_modules/);
    return (JSON.parse(text) as { error: { message: string; data: object } }).error;
  };
  expect(await errorOf('/trpc/nope')).toMatchObject({ data: { code: 'NOT_FOUND', httpStatus: 404, problem: null } });
  logged.length = 0;
  expect((await errorOf('/trpc/timeline')).message).toBe('Something in Rankscope broke; its log has the rest.');
  expect(logged.join()).toContain('inner workings');
  const input = encodeURIComponent('{"limit":"abc"}');
  expect((await errorOf(`/trpc/timeline?input=${input}`)).message).toMatch(/^limit: /);
  expect((await errorOf('/trpc/inject', json('{"kind":"burn","rank":1}'))).message).toMatch(/^kind: .*hang/);
});

test('not ready is said with when to ask again', async () => {
  const app = appWith();
  const ready = await app.request('/readyz');
  expect([ready.status, await ready.json()]).toEqual([503, { ready: false, reason: 'the model is being prepared' }]);
  const chat = await app.request(
    '/v1/chat/completions',
    json('{"model":"m","messages":[{"role":"user","content":"x"}]}'),
  );
  expect(chat.headers.get('retry-after')).toBe('2');
  expect((await appWith({ wantsModel: false }).request('/readyz')).status).toBe(200);
  expect((await app.request('/healthz')).status).toBe(200);
});

describe('pages of others', () => {
  const app = appWith();
  const status = async (headers: Record<string, string>) => (await app.request('/node_id', { headers })).status;
  test('may not read us under a name of their own', async () => {
    const refused = await problemOf(app.request('/node_id', { headers: { host: 'evil.example' } }));
    expect(refused).toMatchObject({ status: 403, detail: expect.stringContaining('http://127.0.0.1:52777') });
    expect(await status({ host: '127.0.0.1.evil.example:52500' })).toBe(403);
    for (const host of ['localhost:52500', '127.0.0.1:52500', '[::1]:52500']) expect(await status({ host })).toBe(200);
  });
  test('may not call us from their origin', async () => {
    expect(await status({ origin: 'https://evil.example' })).toBe(403);
    expect(await status({ origin: 'null' })).toBe(403);
    expect(await status({ origin: 'http://localhost:3000' })).toBe(200);
  });
});

test('with a token, what tells of the cluster needs it', async () => {
  const token = 'a-token-of-some-length';
  const app = appWith({}, token);
  const status = async (path: string, given?: string) =>
    (await app.request(path, given === undefined ? {} : { headers: { authorization: `Bearer ${given}` } })).status;
  for (const path of ['/node_id', '/metrics', '/v1/diagnostics/node', '/trpc/timeline']) {
    expect([path, await status(path), await status(path, 'wrong')]).toEqual([path, 401, 401]);
    expect([path, await status(path, token)]).toEqual([path, 200]);
  }
  expect(await status('/healthz')).toBe(200);
});

test('a report with a key that is misspelt, or an address that is none, is refused by name', async () => {
  const place = { nodeId: 'b', bootId: 'b', url: 'http://b:1', port: 1, friendlyName: null, version: '0', revision: 0 };
  const report = { ...place, incarnation: '01a2040d-ee42-77d5-a1be-00000000000b' };
  const detailOf = async (more: object) =>
    (await problemOf(appWith().request('/v1/cluster/report', json(JSON.stringify({ ...report, ...more }))))).detail;
  expect(await detailOf({ adress: 'x' })).toMatch(/unknown key "adress"/);
  expect(await detailOf({ url: 'ftp://b' })).toMatch(/^url: /);
  expect(await detailOf({ port: 0 })).toMatch(/^port: must be a whole number from 1 to 65535$/);
  expect(await detailOf({}), 'and the leader is told').toMatch(/leads nobody/);
});

test('metrics come in the format that is asked for, targets as Prometheus wants them', async () => {
  const app = appWith();
  const typeFor = async (accept: string) =>
    (await app.request('/metrics', { headers: { accept } })).headers.get('content-type');
  const asPrometheusAsks =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
  expect(await typeFor(asPrometheusAsks)).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  for (const accept of ['*/*', 'text/plain', 'application/openmetrics-text;q=0', 'text/html,text/plain;q=0.9'])
    expect(await typeFor(accept), accept).toBe('text/plain; version=0.0.4; charset=utf-8');
  const targets = await app.request('/v1/sd/prometheus', { headers: { host: 'localhost:7' } });
  expect(targets.headers.get('content-type')).toBe('application/json');
  expect(await targets.json()).toEqual([{ targets: ['localhost:7'], labels: {} }]);
});

test('what a plane answers can be read', async () => {
  const answer = await appWith({}, 'a-token-of-some-length').request('/docs');
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8']);
  expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
  expect(await answer.text()).toContain('/v1/diagnostics/cluster/timeline/stream');
});

test('both doors give the same answer', async () => {
  const app = appWith();
  const rest = (await (await app.request('/v1/diagnostics/cluster/timeline')).json()) as object;
  const trpc = (await (await app.request('/trpc/timeline')).json()) as { result: { data: object } };
  expect({ ...trpc.result.data, generatedAt: 0 }).toEqual({ ...rest, generatedAt: 0 });
  const refused = await app.request('/trpc/inject', json('{"kind":"kill","rank":1}'));
  expect(refused.status).toBe(404);
  expect(await refused.json()).toMatchObject({
    error: { message: expect.stringMatching(/No rank/), data: { problem: 'rank_not_found' } },
  });
});

test('the live timeline begins with a snapshot, at both doors, also for those who come back', async () => {
  const app = appWith();
  for (const path of [
    '/v1/diagnostics/cluster/timeline/stream',
    `/trpc/live?input=${encodeURIComponent('{"lastEventId":"41"}')}`,
  ]) {
    const gone = new AbortController();
    const answer = await app.request(path, { signal: gone.signal });
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"kind":"snapshot"')) text += (await reader?.read())?.value ?? '';
    gone.abort();
    await reader?.cancel().catch(() => undefined);
  }
});
