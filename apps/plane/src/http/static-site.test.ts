import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mountSite } from './static-site.ts';

const dir = mkdtempSync(join(tmpdir(), 'rankscope-site-'));
const webDir = join(dir, 'web');
afterAll(() => rmSync(dir, { recursive: true }));

function site(from = webDir): Hono {
  const app = new Hono();
  mountSite(app, from);
  return app.notFound((call) => call.text('for programs', 404));
}

describe('the page', () => {
  beforeAll(() => {
    mkdirSync(join(webDir, '_next/static'), { recursive: true });
    writeFileSync(join(webDir, 'index.html'), 'home');
    writeFileSync(join(webDir, 'timeline.html'), 'lanes');
    writeFileSync(join(webDir, '404.html'), 'lost');
    writeFileSync(join(webDir, '_next/static/a.js'), '1');
    writeFileSync(join(webDir, 'csp.json'), JSON.stringify({ 'timeline.html': "default-src 'self' 'sha256-x'" }));
    writeFileSync(join(dir, 'secret.txt'), 'secret');
  });

  test('carries the policy that was made for it', async () => {
    const answer = await site().request('/timeline?window=15');
    expect(await answer.text()).toBe('lanes');
    expect(answer.headers.get('content-security-policy')).toBe("default-src 'self' 'sha256-x'");
    expect(answer.headers.get('cache-control')).toBe('no-cache');
  });

  test('has scripts that are kept for ever and have a policy, because a worker obeys its own', async () => {
    const answer = await site().request('/_next/static/a.js');
    expect(answer.headers.get('cache-control')).toMatch(/immutable/);
    expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'self'/);
    expect(answer.headers.get('content-type')).toMatch(/^text\/javascript/);
    await answer.text();
  });

  test('is the 404 page for people and something else for programs', async () => {
    const app = site();
    const lost = await app.request('/nope', { headers: { accept: 'text/html' } });
    expect([lost.status, await lost.text()]).toEqual([404, 'lost']);
    expect(await (await app.request('/nope')).text()).toBe('for programs');
  });

  test('leads to no file outside of its folder', async () => {
    const app = site();
    for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/%00', '/%']) {
      expect((await app.request(path)).status, path).toBe(404);
    }
  });

  test('that is not built says how to build it', async () => {
    const answer = await site(join(dir, 'none')).request('/');
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('npm run web')]);
  });
});
