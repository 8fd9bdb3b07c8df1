import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endlessPagePeer, hugePeer, type Peer, silentPeer } from '../support/plane-bad-peers.ts';
import { createPlaneCluster, idOf, nodesOf, type PlaneCluster, placesOf, portOf } from '../support/plane-cluster.ts';
import type { StartedPlane } from '../support/plane-harness.ts';
import { eventually, post, timelineOf } from '../support/plane-requests.ts';

let cluster: PlaneCluster;
const open: Peer[] = [];
beforeEach(() => {
  cluster = createPlaneCluster();
});
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await cluster.close();
});

const logOf = (plane: StartedPlane, part: RegExp) =>
  eventually(
    () => Promise.resolve(plane.log()),
    (log) => part.test(log),
  );
const timesIn = (text: string, part: RegExp) => text.split('\n').filter((line) => part.test(line)).length;

/** What the plane would report, as a program of somebody else might. */
const reportOf = (nodeId: string, url: string | null, more: object = {}) => ({
  ...{ nodeId, url, incarnation: crypto.randomUUID(), bootId: 'boot', port: 1, friendlyName: nodeId, version: '0' },
  ...{ revision: 0, ...more },
});

test('a copied data directory is refused while the first plane lives, in words that name both and the way out', async () => {
  const leader = await cluster.start('a');
  const first = await cluster.join('b', leader.url);
  await eventually(
    () => nodesOf(leader.url),
    ({ nodes }) => nodes.length === 2,
  );
  cpSync(cluster.dataDirOf('b'), cluster.dataDirOf('copy'), { recursive: true });
  // It holds the pid of the first plane; on another machine that would say nothing.
  rmSync(join(cluster.dataDirOf('copy'), 'lock'));
  const copy = await cluster.join('copy', leader.url);
  const log = await logOf(copy, /its data directory is a copy/);
  expect(log).toContain(`alive at ${first.url}`);
  expect(log).toContain(`the plane at ${copy.url}`);
  expect(log).toMatch(/remove the file node-id/);
  expect(placesOf(await nodesOf(leader.url))).toEqual([
    ['a', leader.url],
    ['b', first.url],
  ]);

  await cluster.kill(first);
  const taken = await eventually(
    () => nodesOf(leader.url),
    ({ nodes }) => nodes.some(({ url }) => url === copy.url),
  );
  expect(taken.nodes).toHaveLength(2);
  expect(timesIn(copy.log(), /its data directory is a copy/), 'told once').toBe(1);
});

test('a copy of the leader’s data directory is refused', async () => {
  const leader = await cluster.start('a');
  cpSync(cluster.dataDirOf('a'), cluster.dataDirOf('copy'), { recursive: true });
  rmSync(join(cluster.dataDirOf('copy'), 'lock'));
  const copy = await cluster.join('copy', leader.url);
  await logOf(copy, /its data directory is a copy/);
  expect((await nodesOf(leader.url)).nodes).toHaveLength(1);
});

test('whoever joins a plane that has joined is told who leads', async () => {
  const leader = await cluster.start('a');
  const middle = await cluster.join('b', leader.url);
  const lost = await cluster.join('c', middle.url);
  const log = await logOf(lost, /does not lead/);
  expect(log).toContain(`it has joined the cluster at ${leader.url} itself. Set RANKSCOPE_JOIN to that address.`);
  expect((await nodesOf(leader.url)).nodes).toHaveLength(2);
});

test('a wrong join token is told once, and names the variable', async () => {
  const leader = await cluster.start('a', { env: { RANKSCOPE_JOIN_TOKEN: 'the-word-of-planes' } });
  const wrong = await cluster.join('b', leader.url, { env: { RANKSCOPE_JOIN_TOKEN: 'another-word-of-planes' } });
  const none = await cluster.join('c', leader.url);
  const right = await cluster.join('d', leader.url, { env: { RANKSCOPE_JOIN_TOKEN: 'the-word-of-planes' } });
  await logOf(wrong, /RANKSCOPE_JOIN_TOKEN here is not the RANKSCOPE_JOIN_TOKEN of the leader/);
  await logOf(none, /set RANKSCOPE_JOIN_TOKEN here as the leader has it/);
  await eventually(
    () => nodesOf(leader.url),
    ({ nodes }) => nodes.length === 2,
  );
  for (const plane of [wrong, none]) expect(timesIn(plane.log(), /refuses this plane/)).toBe(1);
  expect(placesOf(await nodesOf(right.url)).map(([name]) => name)).toEqual(['a', 'd']);
  expect(wrong.log() + leader.log()).not.toMatch(/word-of-planes/);
});

test('a node whose address belongs to another by now is a row with a sentence, not that other node', async () => {
  const leader = await cluster.start('a');
  const stranger = await cluster.start('b');
  await post(`${leader.url}/v1/cluster/report`, reportOf('node-x', stranger.url));
  const { unreachableNodes, runners } = await timelineOf(leader.url);
  const error = expect.stringContaining(`another node answers there (${await idOf(stranger)})`);
  expect([unreachableNodes, runners]).toEqual([[{ nodeId: 'node-x', url: stranger.url, error }], []]);

  // When that other joins under the address, the node that lost it is still expected, without one.
  await stranger.stop();
  const joined = await cluster.join('b', leader.url, { args: ['--no-model', '--port', portOf(stranger)] });
  const rows = await eventually(
    async () => (await timelineOf(leader.url)).unreachableNodes,
    ([row]) => row?.url === null,
  );
  expect(rows).toEqual([{ nodeId: 'node-x', url: null, error: 'address not known' }]);
  expect((await fetch(`${leader.url}/v1/diagnostics/cluster/node-x`)).status).toBe(502);
  expect(placesOf(await nodesOf(leader.url))).toContainEqual(['b', joined.url]);
});

test('nobody may say that it is where the leader or another living node is', async () => {
  const leader = await cluster.start('a');
  const node = await cluster.join('b', leader.url);
  await eventually(
    () => nodesOf(leader.url),
    ({ nodes }) => nodes.length === 2,
  );
  for (const url of [leader.url, node.url]) {
    const answer = await post(`${leader.url}/v1/cluster/report`, reportOf('node-x', url));
    expect([answer.status, await answer.json()]).toEqual([
      409,
      expect.objectContaining({
        type: '/problems/address_taken',
        detail: expect.stringMatching(/RANKSCOPE_PUBLIC_URL/),
      }),
    ]);
  }
  expect((await nodesOf(leader.url)).nodes).toHaveLength(2);
});

test('sixteen nodes that joined and died cost one deadline', async () => {
  const leader = await cluster.start('a', { args: ['--no-model', '--node-deadline-ms', '500'] });
  const dead = await Promise.all(Array.from({ length: 16 }, silentPeer));
  open.push(...dead);
  for (const [at, { url }] of dead.entries())
    await post(`${leader.url}/v1/cluster/report`, reportOf(`dead-${at}`, url));
  await timelineOf(leader.url);
  const startedMs = performance.now();
  const { unreachableNodes } = await timelineOf(leader.url);
  expect(performance.now() - startedMs).toBeLessThan(700);
  expect(unreachableNodes).toHaveLength(16);
});

test('a leader that answers with a page without end, or with 200 MB, costs no memory and is named', async () => {
  for (const [make, sentence] of [
    [endlessPagePeer, /takes no reports \(not JSON \(text\/html\)\)/],
    [hugePeer, /takes no reports \(answer larger than 1 MiB\)/],
  ] as const) {
    const bad = await make();
    open.push(bad);
    const plane = await cluster.join(`of-${portOf(bad)}`, bad.url);
    const before = rssMiB(plane.pid);
    await logOf(plane, sentence);
    // A look at the cluster, of which that leader is a part, and more tries to join it.
    await timelineOf(plane.url);
    await eventually(
      () => Promise.resolve(bad.asked()),
      (asked) => asked > 5,
    );
    expect(timesIn(plane.log(), sentence), 'told once').toBe(1);
    expect(rssMiB(plane.pid) - before).toBeLessThan(120);
    await plane.stop();
  }
});

const rssMiB = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
