import { execFile } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { problemOf } from '@rankscope/schema';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { fetchJson } from './fetch-json.ts';

const schema = z.object({ runners: z.array(z.object({ phase: z.string() })) });
const servers: { close(): unknown; closeAllConnections?(): void }[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.();
    server.close();
  }
});

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  return address(server);
}

async function address(server: Pick<Server, 'listen' | 'address' | 'close' | 'on'>): Promise<string> {
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', () => ready()));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return `http://127.0.0.1:${bound.port}`;
}

const ask = (
  url: string,
  more: { deadlineMs?: number; maxBytes?: number; signal?: AbortSignal; body?: unknown } = {},
) => fetchJson({ url, schema, deadlineMs: 2000, maxBytes: 64 * 1024 * 1024, ...more });

const errorOf = async (url: string, more = {}) => {
  const answer = await ask(url, more);
  return answer.kind === 'failed' ? answer.error : 'it was fine';
};

/** Runs a program of its own, in which `ask` asks the url; answers what it prints. */
function inChild(program: string, url: string): Promise<string> {
  const script = `import { fetchJson } from ${JSON.stringify(new URL('fetch-json.ts', import.meta.url).href)};
    import { z } from 'zod';
    const ask = (maxBytes) => fetchJson({ url: process.argv[1], schema: z.object({}), deadlineMs: 60000, maxBytes });
    ${program}`;
  const args = ['--input-type=module', '-e', script, url];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: import.meta.dirname }, (error, stdout) =>
      error ? reject(error) : resolve(stdout.trim()),
    );
  });
}

test('a good answer comes with its time and headers', async () => {
  const url = await listen((_, res) =>
    res.setHeader('content-type', 'application/json').setHeader('x-one', '1').end('{"runners":[]}'),
  );
  const answer = await ask(url);
  expect(answer).toMatchObject({ kind: 'ok', value: { runners: [] } });
  if (answer.kind === 'ok') {
    expect(answer.roundTripMs).toBeGreaterThan(0);
    expect(answer.headers.get('x-one')).toBe('1');
  }
});

test('a body is sent as JSON, by POST', async () => {
  const seen: string[] = [];
  const url = await listen((req, res) => {
    seen.push(req.method ?? '', req.headers['content-type'] ?? '');
    req.setEncoding('utf8').on('data', (text: string) => seen.push(text));
    req.on('end', () => res.setHeader('content-type', 'application/json').end('{"runners":[]}'));
  });
  await ask(url, { body: { rank: 1 } });
  expect(seen).toEqual(['POST', 'application/json', '{"rank":1}']);
});

test('nothing listens', async () => {
  const url = await listen((_, res) => res.end());
  for (const server of servers.splice(0)) server.close();
  expect(await errorOf(url)).toBe(`refused (nothing listens at ${url.slice('http://'.length)})`);
});

test('a peer that accepts and never answers', async () => {
  const url = await address(createTcpServer(() => {}) as unknown as Server);
  const startedAt = performance.now();
  expect(await errorOf(url, { deadlineMs: 150 })).toBe('no answer in 150 ms');
  expect(performance.now() - startedAt).toBeLessThan(600);
});

test('the deadline also covers an endless trickle of bytes', async () => {
  const url = await listen((_, res) => {
    res.setHeader('content-type', 'application/json').write('{"runners":[');
    const timer = setInterval(() => res.write(' '), 10);
    res.on('close', () => clearInterval(timer));
  });
  expect(await errorOf(url, { deadlineMs: 200 })).toBe('no answer in 200 ms');
});

test('a bad status, alone and with a problem', async () => {
  const plain = await listen((_, res) => res.writeHead(500, { 'content-type': 'text/html' }).end('<h1>oh</h1>'));
  expect(await errorOf(plain)).toBe('HTTP 500');
  const problem = problemOf('rank_not_found', 'There is no rank 7 here; there are 0 and 1.', null);
  const told = await listen((_, res) =>
    res.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem)),
  );
  expect(await ask(told)).toEqual({ kind: 'failed', error: `HTTP 404: ${problem.detail}`, status: 404, problem });
});

test('a redirect is an answer, not an order', async () => {
  const url = await listen((_, res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
  expect(await errorOf(url)).toBe('HTTP 302');
});

test('HTML, broken JSON and nothing at all are not JSON', async () => {
  const html = await listen((_, res) => res.setHeader('content-type', 'text/html; charset=utf-8').end('<html>'));
  expect(await errorOf(html)).toBe('not JSON (text/html)');
  const broken = await listen((_, res) => res.setHeader('content-type', 'application/json').end('{"runners":'));
  expect(await errorOf(broken)).toBe('not JSON (broken application/json)');
  const empty = await listen((_, res) => res.end());
  expect(await errorOf(empty)).toBe('not JSON (no content type)');
});

test('too large: refused by its length, or cut while it streams, and the connection is closed', async () => {
  const said = await listen((_, res) =>
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': String(1 << 30) }).write('['),
  );
  expect(await errorOf(said)).toBe('answer larger than 64 MiB');
  const sent = { bytes: 0, closed: Promise.resolve() };
  const endless = await listen((_, res) => {
    res.setHeader('content-type', 'application/json');
    const block = Buffer.alloc(64 * 1024, 32);
    const push = () => {
      while (!res.destroyed && res.write(block)) sent.bytes += block.length;
      if (!res.destroyed) res.once('drain', push);
    };
    sent.closed = new Promise((done) => res.on('close', () => done()));
    push();
  });
  expect(await errorOf(endless, { maxBytes: 1024 * 1024 })).toBe('answer larger than 1 MiB');
  await sent.closed;
  expect(sent.bytes).toBeLessThan(32 * 1024 * 1024);
});

test('a peer that sends too much again and again does not swell the process', async () => {
  const block = Buffer.alloc(1024 * 1024, ' ');
  const url = await listen((_, res) => {
    res.setHeader('content-type', 'application/json');
    let left = 200;
    const push = () => {
      while (left > 0 && !res.destroyed) {
        left -= 1;
        if (!res.write(block)) return;
      }
      res.end();
    };
    res.on('drain', push);
    push();
  });
  const grownMiB = await inChild(
    `const before = process.memoryUsage.rss();
    for (let i = 0; i < 5; i += 1) await ask(64 * 1024 * 1024);
    console.log(Math.round((process.memoryUsage.rss() - before) / 1024 / 1024));`,
    url,
  );
  // Kept as strings it was 330.
  expect(Number(grownMiB)).toBeLessThan(120);
});

test('a long answer of many pieces, cut inside characters, is whole', async () => {
  const phase = 'ä€😀'.repeat(100_000);
  const body = Buffer.from(JSON.stringify({ runners: [{ phase }] }));
  const url = await listen((_, res) => {
    res.setHeader('content-type', 'application/json');
    for (let at = 0; at < body.length; at += 65_537) res.write(body.subarray(at, at + 65_537));
    res.end();
  });
  expect(await ask(url, { maxBytes: body.length })).toMatchObject({ kind: 'ok', value: { runners: [{ phase }] } });
  expect(await errorOf(url, { maxBytes: body.length - 1 })).toMatch(/^answer larger than/);
});

test('an answer of another shape names where and what', async () => {
  const url = await listen((_, res) =>
    res.setHeader('content-type', 'application/json').end('{"runners":[{"phase":3}]}'),
  );
  expect(await errorOf(url)).toMatch(/^answer is not what was expected: runners\[0\]\.phase: .*string/);
});

test('a name nobody knows, an address that is none, a peer that hangs up, one that speaks no HTTP', async () => {
  expect(await errorOf('http://no-such-host.invalid/', { deadlineMs: 10_000 })).toBe(
    'name not known: no-such-host.invalid',
  );
  expect(await errorOf('nonsense')).toBe('not an address: nonsense');
  const hangsUp = await listen((req) => req.socket.destroy());
  expect(await errorOf(hangsUp)).toMatch(/closed the connection before it had answered/);
  const other = await address(createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')) as unknown as Server);
  expect(await errorOf(other)).toMatch(/does not speak HTTP$/);
});

test('the caller may give up', async () => {
  const url = await listen(() => {});
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  expect(await errorOf(url, { signal: controller.signal })).toBe('cancelled');
  expect(await errorOf(url, { signal: AbortSignal.abort() })).toBe('cancelled');
});

test('a kept connection does not keep a program alive', async () => {
  const url = await listen((_, res) => res.setHeader('content-type', 'application/json').end('{}'));
  const startedAt = performance.now();
  expect(await inChild('console.log((await ask(1000)).kind);', url)).toBe('ok');
  expect(performance.now() - startedAt).toBeLessThan(5000);
});
