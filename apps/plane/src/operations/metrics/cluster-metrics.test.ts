import { expect, test } from 'vitest';
import { createClockBook } from '../../cluster/gather/clock-book.ts';
import type { Cluster } from '../../cluster/gather/gather.ts';
import { listedPeer } from '../../cluster/gather/peer-book.ts';
import { clusterMetrics } from './cluster-metrics.ts';
import { formatExposition } from './exposition.ts';
import { createMetricFamilies } from './metric-families.ts';

const peers = [listedPeer('b', 'http://b:1', null), listedPeer('c', 'http://c:1', null)];

function clusterOf(more: Partial<Cluster> = {}) {
  let asked = 0;
  const cluster: Cluster = {
    localNodeId: 'a',
    masterNodeId: null,
    peers: () => peers,
    subscribe: () => () => undefined,
    lastGather: { seconds: 0.5, reachable: new Map(peers.map(({ nodeId }) => [nodeId, nodeId === 'b'])) },
    clocks: {
      ...createClockBook(() => 0n),
      all: () => new Map([['b', { offsetSeconds: -3, uncertaintySeconds: 0.25 }]]),
    },
    heard: () => [],
    local: () => ({ kind: 'unreachable', nodeId: 'a', url: null, error: '' }),
    peer: () => Promise.reject(new Error('not asked one by one')),
    gather: () => {
      asked += 1;
      return Promise.reject(new Error('the ranks tell of it'));
    },
    ...more,
  };
  return { cluster, asked: () => asked };
}

async function scrape(source: ReturnType<typeof clusterMetrics>): Promise<string> {
  const families = createMetricFamilies();
  await source.collect(families);
  return formatExposition(families.families(), 'text');
}

test('each node is told of once', async () => {
  const text = await scrape(clusterMetrics({ cluster: clusterOf().cluster, nowMs: () => 0 }));
  expect(text.match(/^rankscope_node_reachable.*$/gm)).toEqual([
    'rankscope_node_reachable{node="a"} 1',
    'rankscope_node_reachable{node="b"} 1',
    'rankscope_node_reachable{node="c"} 0',
  ]);
  expect(text).toContain('rankscope_gather_duration_seconds{node="a"} 0.5');
  expect(text).toContain('rankscope_clock_offset_seconds{node="b"} -3');
  expect(text).toContain('rankscope_clock_uncertainty_seconds{node="b"} 0.25');
});

test('a scrape has the cluster asked anew, not more often than every ten seconds', async () => {
  const { cluster, asked } = clusterOf();
  let nowMs = 0;
  const source = clusterMetrics({ cluster, nowMs: () => nowMs });
  for (nowMs = 0; nowMs < 20_000; nowMs += 1_000) await scrape(source);
  expect(asked()).toBe(2);
});

test('only the leader asks where there is one, and nobody where there is nobody to ask', async () => {
  const led = clusterOf({ masterNodeId: 'b' });
  const alone = clusterOf({ peers: () => [] });
  for (const { cluster } of [led, alone]) await scrape(clusterMetrics({ cluster, nowMs: () => 0 }));
  expect([led.asked(), alone.asked()]).toEqual([0, 0]);
});
