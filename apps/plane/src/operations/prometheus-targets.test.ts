import { rankLabels } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { prometheusTargets } from './prometheus-targets.ts';

const nodes: Record<string, string> = { 'http://10.0.0.1:52500': 'self' };
const targetsOf = (urls: readonly string[], ownHost = '127.0.0.1:52500') =>
  prometheusTargets(
    {
      nodeId: 'self',
      cluster: {
        book: {
          urls,
          nameOf: (url: string) => nodes[url] ?? url,
          urlOf: () => null,
          remember: () => undefined,
        },
      },
    },
    ownHost,
  );

test('this plane is named as it was asked, the others as they are known, and itself among them only once', () => {
  expect(targetsOf(['http://10.0.0.1:52500', 'http://10.0.0.2:52500', 'http://127.0.0.1:52500'])).toEqual([
    { targets: ['127.0.0.1:52500', '10.0.0.2:52500'], labels: {} },
  ]);
});

test('whoever needs another way of asking is a group of its own', () => {
  expect(targetsOf(['https://b.example', 'https://proxy.example/b/', 'http://c.example'], '[::1]:1')).toEqual([
    { targets: ['[::1]:1', 'c.example:80'], labels: {} },
    { targets: ['b.example:443'], labels: { __scheme__: 'https' } },
    { targets: ['proxy.example:443'], labels: { __scheme__: 'https', __metrics_path__: '/b/metrics' } },
  ]);
});

test('no label of a metric is given, or Prometheus would rename ours', () => {
  const given = targetsOf(['https://b.example/x']).flatMap(({ labels }) => Object.keys(labels));
  expect(given.filter((name) => rankLabels.some((label) => label === name))).toEqual([]);
  expect(given.every((name) => name.startsWith('__'))).toBe(true);
});
