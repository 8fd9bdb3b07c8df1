import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { openapi } from './openapi.ts';
import { routes } from './routes.ts';

const committed = resolve(import.meta.dirname, '../../openapi.json');

test('the committed description is that of the routes', () => {
  const due = 'run: node apps/plane/src/http/write-openapi.ts';
  expect(JSON.parse(readFileSync(committed, 'utf8')), due).toEqual(openapi(routes));
});

test('every reference leads somewhere', () => {
  const text = JSON.stringify(openapi(routes));
  const { schemas } = openapi(routes).components;
  const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? '');
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !Object.hasOwn(schemas, name))).toEqual([]);
  expect(text).not.toContain('#/$defs/');
});

test('a path is served once', () => {
  const rows = routes.map(({ method, path }) => `${method} ${path}`);
  expect(new Set(rows).size).toBe(rows.length);
});
