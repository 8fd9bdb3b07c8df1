import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { docsPage, docsPolicy } from './docs-page.ts';
import { openapi } from './openapi.ts';
import { routes } from './routes.ts';

const page = docsPage(openapi(routes));

test('every path is there, with what it takes and answers', () => {
  for (const { method, path, summary } of routes) {
    expect(page).toContain(`<h2><b>${method.toUpperCase()}</b> ${path}</h2><p>${summary}</p>`);
  }
  expect(page).toContain('<code>limit</code>: query, integer, 1 to 65536, default 1024, newest entries per runner');
  expect(page).toContain('body: <code>application/json</code> InjectRequest');
  expect(page).toContain('<code>application/json</code> ChatCompletion or <code>text/event-stream</code>');
});

test('it runs nothing, and its policy names its one style', () => {
  expect(page).not.toMatch(/<script|\son\w+=|\sstyle=/);
  const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] ?? '';
  expect(docsPolicy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
});

test('what stands in a summary is text', () => {
  const answer = { description: 'Fine', content: {} };
  const nasty = docsPage({ paths: { '/<x>': { get: { summary: '<img src="x">&', responses: { 200: answer } } } } });
  expect(nasty).toContain('/&lt;x&gt;');
  expect(nasty).toContain('&lt;img src=&quot;x&quot;&gt;&amp;');
});
