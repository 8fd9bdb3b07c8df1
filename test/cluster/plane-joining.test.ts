import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createPlaneCluster,
  idOf,
  nodesOf,
  type PlaneCluster,
  placesOf,
  portOf,
  simulatedRanks,
} from '../support/plane-cluster.ts';
import { eventually, timelineOf } from '../support/plane-requests.ts';

let cluster: PlaneCluster;
beforeEach(() => {
  cluster = createPlaneCluster();
});
afterEach(() => cluster.close());

const keysOf = ({ timeline }: Awaited<ReturnType<typeof timelineOf>>) =>
  timeline.map(({ runnerId, attrs }) => `${runnerId} ${attrs.source ?? 'own'} ${attrs.seq}`);

test('the planes of a cluster show one picture, whoever is asked, and know who leads', async () => {
  const leader = await cluster.start('a', { args: simulatedRanks });
  const node = await cluster.join('b', leader.url, { args: simulatedRanks });
  const leaderId = await idOf(leader);
  const seen = await Promise.all(
    [leader, node].map((plane) =>
      eventually(
        () => timelineOf(plane.url),
        ({ runners }) => runners.length === 4 && runners.every(({ statusKind }) => statusKind === 'RunnerReady'),
      ),
    ),
  );
  const [ofLeader, ofNode] = seen.map((timeline) => ({
    runners: timeline.runners.map(({ nodeId, runnerId, phase }) => [nodeId, runnerId, phase]),
    entries: keysOf(timeline),
    unreachable: timeline.unreachableNodes,
    master: timeline.masterNodeId,
  }));
  expect(ofNode).toEqual(ofLeader);
  expect(ofLeader?.master).toBe(leaderId);
  expect(ofLeader?.unreachable).toEqual([]);
  expect(placesOf(await nodesOf(node.url))).toEqual([
    ['a', leader.url],
    ['b', node.url],
  ]);
  expect(await nodesOf(node.url)).toMatchObject({ role: 'joined', leader: { answers: true, url: leader.url } });
  expect(await nodesOf(leader.url)).toMatchObject({ role: 'leader', leader: null });
});

test('a node may be there before its leader, and starts without waiting for it', async () => {
  const first = await cluster.start('a');
  const port = portOf(first);
  const leaderUrl = first.url;
  await first.stop();
  const node = await cluster.join('b', leaderUrl);
  const alone = await timelineOf(node.url);
  expect(alone.masterNodeId).toBeNull();
  expect(alone.unreachableNodes).toMatchObject([{ url: leaderUrl, error: expect.stringMatching(/^refused/) }]);
  const leader = await cluster.start('a', { args: ['--no-model', '--port', port] });
  const leaderId = await idOf(leader);
  const together = await eventually(
    () => timelineOf(node.url),
    ({ masterNodeId }) => masterNodeId !== null,
  );
  expect([together.masterNodeId, together.unreachableNodes]).toEqual([leaderId, []]);
  const said = node
    .log()
    .split('\n')
    .filter((line) => line.includes('leader='));
  expect(said.map((line) => /(?:warn|info) (.+?)(?: leader=|:)/.exec(line)?.[1])).toEqual([
    'the leader does not answer',
    'the leader answers again',
  ]);
});

test('a killed node stays expected; started anew under another port it is the same node, once', async () => {
  const leader = await cluster.start('a');
  const first = await cluster.join('b', leader.url, { args: simulatedRanks });
  const nodeId = await idOf(first);
  await eventually(
    () => timelineOf(leader.url),
    ({ runners }) => runners.length === 2,
  );
  await cluster.kill(first);
  const startedMs = performance.now();
  const { unreachableNodes } = await timelineOf(leader.url);
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  expect(unreachableNodes).toMatchObject([{ nodeId, url: first.url, error: expect.stringMatching(/^refused/) }]);

  const second = await cluster.join('b', leader.url, { args: simulatedRanks });
  expect(portOf(second)).not.toBe(portOf(first));
  for (const plane of [leader, second]) {
    const timeline = await eventually(
      () => timelineOf(plane.url),
      (now) => now.runners.length === 2 && now.unreachableNodes.length === 0,
    );
    expect(timeline.runners.map((runner) => runner.nodeId)).toEqual([nodeId, nodeId]);
    const keys = keysOf(timeline);
    expect(new Set(keys).size, 'no entry twice').toBe(keys.length);
    expect(placesOf(await nodesOf(plane.url))).toEqual([
      ['a', leader.url],
      ['b', second.url],
    ]);
  }
});

test('a node that ends says goodbye, and nobody waits for it any more', async () => {
  const leader = await cluster.start('a');
  const [b, c] = await Promise.all([cluster.join('b', leader.url), cluster.join('c', leader.url)]);
  await eventually(
    () => nodesOf(c.url),
    ({ nodes }) => nodes.length === 3,
  );
  const startedMs = performance.now();
  await b.stop();
  expect(performance.now() - startedMs, 'a held report does not hold up the end').toBeLessThan(2_500);
  expect((await timelineOf(leader.url)).unreachableNodes).toEqual([]);
  await eventually(
    () => nodesOf(c.url),
    ({ nodes }) => nodes.length === 2,
    2_000,
  );
  expect((await timelineOf(c.url)).unreachableNodes).toEqual([]);
});

test('the view outlives the leader: its nodes go on showing each other, and it as unreachable', async () => {
  const leader = await cluster.start('a');
  const leaderId = await idOf(leader);
  const b = await cluster.join('b', leader.url, { args: simulatedRanks });
  const c = await cluster.join('c', leader.url);
  await eventually(
    () => nodesOf(c.url),
    ({ nodes }) => nodes.length === 3,
  );
  await cluster.kill(leader);
  const missing = { nodeId: leaderId, url: leader.url, error: expect.stringMatching(/^refused/) };
  for (const plane of [b, c]) {
    const timeline = await timelineOf(plane.url);
    expect([timeline.masterNodeId, timeline.runners.length]).toEqual([leaderId, 2]);
    expect(timeline.unreachableNodes).toEqual([missing]);
  }
  // Also when it has to read the list from its disk.
  await cluster.kill(c);
  const again = await cluster.join('c', leader.url, { args: ['--no-model', '--port', portOf(c)] });
  const timeline = await timelineOf(again.url);
  expect([timeline.masterNodeId, timeline.runners.length, timeline.unreachableNodes]).toEqual([leaderId, 2, [missing]]);
  expect(await nodesOf(b.url)).toMatchObject({ leader: { answers: false, error: expect.stringMatching(/refused/) } });
});

test('a leader that comes back knows its nodes before any of them has reported', async () => {
  const leader = await cluster.start('a');
  const node = await cluster.join('b', leader.url);
  const nodeId = await idOf(node);
  await eventually(
    () => nodesOf(leader.url),
    ({ nodes }) => nodes.length === 2,
  );
  await Promise.all([cluster.kill(leader), cluster.kill(node)]);
  const again = await cluster.start('a', { args: ['--no-model', '--port', portOf(leader)] });
  const { unreachableNodes, masterNodeId } = await timelineOf(again.url);
  expect(unreachableNodes).toMatchObject([{ nodeId, url: node.url, error: expect.stringMatching(/^refused/) }]);
  expect(masterNodeId).toBe(await idOf(again));
  expect((await nodesOf(again.url)).nodes[1]).toMatchObject({ nodeId, friendlyName: 'b', reportsSince: null });
});

test('a leader that has lost its disk is taken for the new one it is', async () => {
  const leader = await cluster.start('a');
  const oldId = await idOf(leader);
  const node = await cluster.join('b', leader.url);
  await eventually(
    () => nodesOf(node.url),
    ({ masterNodeId }) => masterNodeId === oldId,
  );
  await cluster.kill(leader);
  const other = await cluster.start('another', { args: ['--no-model', '--port', portOf(leader)] });
  const otherId = await idOf(other);
  const timeline = await eventually(
    () => timelineOf(node.url),
    ({ masterNodeId }) => masterNodeId === otherId,
  );
  expect(timeline.unreachableNodes).toEqual([]);
  expect(placesOf(await nodesOf(node.url)).map(([name]) => name)).toEqual(['another', 'b']);
});

test('others are told of a plane what RANKSCOPE_PUBLIC_URL says', async () => {
  const leader = await cluster.start('a');
  const first = await cluster.start('b');
  await first.stop();
  const publicUrl = `http://localhost:${portOf(first)}`;
  await cluster.join('b', leader.url, { args: ['--no-model', '--port', portOf(first), '--public-url', publicUrl] });
  const listed = await eventually(
    () => nodesOf(leader.url),
    ({ nodes }) => nodes.length === 2,
  );
  expect(placesOf(listed)).toContainEqual(['b', publicUrl]);
  expect((await timelineOf(leader.url)).unreachableNodes).toEqual([]);
});
