import { createPlaneClient } from '@rankscope/client';
import type { ClusterAnalysis, TimelineChange } from '@rankscope/schema';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPlaneCluster, idOf, type PlaneCluster, simulatedRanks } from '../support/plane-cluster.ts';
import { eventually } from '../support/plane-requests.ts';

let cluster: PlaneCluster;
beforeEach(() => {
  cluster = createPlaneCluster();
});
afterEach(() => cluster.close());

const analysisOf = (change: TimelineChange): ClusterAnalysis => change.analysis;

test('whoever watches sees nodes come, fall silent, and go', async () => {
  const leader = await cluster.start('a');
  const stop = new AbortController();
  let last: TimelineChange | null = null;
  const watching = (async () => {
    for await (const change of createPlaneClient(leader.url).watchTimeline(stop.signal)) last = change;
  })();
  const seen = (holds: (analysis: ClusterAnalysis) => boolean) =>
    eventually(
      () => Promise.resolve(last === null ? null : analysisOf(last)),
      (analysis) => analysis !== null && holds(analysis),
    );
  await seen(({ nodes }) => nodes.length === 1);

  const node = await cluster.join('b', leader.url, { args: simulatedRanks });
  const nodeId = await idOf(node);
  await seen(({ nodes, runners }) => nodes.length === 2 && runners.length === 2);
  await cluster.kill(node);
  const silent = await seen(({ nodes }) => nodes.some(({ reachable }) => !reachable));
  expect(silent?.nodes).toContainEqual(expect.objectContaining({ nodeId, reachable: false, friendlyName: 'b' }));

  const again = await cluster.join('b', leader.url);
  await seen(({ nodes }) => nodes.length === 2 && nodes.every(({ reachable }) => reachable));
  await again.stop();
  const alone = await seen(({ nodes }) => nodes.length === 1);
  expect(alone?.runners).toEqual([]);
  stop.abort();
  await watching;
});
