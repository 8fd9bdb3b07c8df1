import { rankLabels } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { addressPeer } from '../cluster/gather/peer-book.ts';
import { planTargets, prometheusTargets } from './prometheus-targets.ts';

test('this plane is named as it was asked, the others as they are known, each once', () => {
  expect(planTargets('127.0.0.1:52500', ['http://10.0.0.2:52500', 'http://127.0.0.1:52500'])).toEqual([
    { targets: ['127.0.0.1:52500', '10.0.0.2:52500'], labels: {} },
  ]);
});

test('whoever needs another way of asking is a group of its own', () => {
  expect(planTargets('[::1]:1', ['https://b.example', 'https://proxy.example/b/', 'http://c.example'])).toEqual([
    { targets: ['[::1]:1', 'c.example:80'], labels: {} },
    { targets: ['b.example:443'], labels: { __scheme__: 'https' } },
    { targets: ['proxy.example:443'], labels: { __scheme__: 'https', __metrics_path__: '/b/metrics' } },
  ]);
});

test('no label of a metric is given, or Prometheus would rename ours', () => {
  const given = planTargets('localhost:1', ['https://b.example/x']).flatMap(({ labels }) => Object.keys(labels));
  expect(given.filter((name) => rankLabels.some((label) => label === name))).toEqual([]);
  expect(given.every((name) => name.startsWith('__'))).toBe(true);
});

test('a plane that is among its own peers is named once', () => {
  const peers = [addressPeer('http://10.0.0.1:52500', 'self'), addressPeer('http://10.0.0.2:52500')];
  const cluster = { peers: () => peers };
  expect(prometheusTargets({ nodeId: 'self', cluster }, '127.0.0.1:52500')).toEqual([
    { targets: ['127.0.0.1:52500', '10.0.0.2:52500'], labels: {} },
  ]);
});
