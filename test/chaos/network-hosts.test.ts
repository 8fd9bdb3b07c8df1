import { spawnSync } from 'node:child_process';
import type { ClusterTimeline } from '@rankscope/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNetwork, type Network, type NetworkHost, whyNoHosts } from '../support/network-hosts.ts';
import {
  createPlaneCluster,
  nodesOf,
  type PlaneCluster,
  placesOf,
  portOf,
  simulatedRanks,
} from '../support/plane-cluster.ts';
import type { StartedPlane } from '../support/plane-harness.ts';
import { eventually, getJson } from '../support/plane-requests.ts';

const token = 'the-token-of-operators';
const joinToken = 'the-token-of-planes';
const env = { RANKSCOPE_TOKEN: token, RANKSCOPE_JOIN_TOKEN: joinToken };
const headers = { authorization: `Bearer ${token}` };
const title = whyNoHosts === null ? 'two hosts' : `two hosts (skipped, none can be made here: ${whyNoHosts})`;

describe.skipIf(whyNoHosts !== null)(title, () => {
  let network: Network;
  let hosts: { a: NetworkHost; b: NetworkHost };
  let cluster: PlaneCluster;
  let leader: StartedPlane;
  let node: StartedPlane;
  const nodeUrl = () => `http://${hosts.b.address()}:${portOf(node)}`;
  const timelineAt = (url: string) => getJson<ClusterTimeline>(`${url}/v1/diagnostics/cluster/timeline`, headers);
  const isWhole = ({ unreachableNodes, runners }: ClusterTimeline) =>
    unreachableNodes.length === 0 && runners.length === 2;

  beforeAll(async () => {
    network = createNetwork();
    hosts = { a: network.addHost('a'), b: network.addHost('b') };
    cluster = createPlaneCluster();
    const { a, b } = hosts;
    leader = await cluster.start('a', { through: a.through, env, args: ['--no-model', '--host', a.address()] });
    // Bound to every address, so that the leader takes the one that the reports come from.
    const args = [...simulatedRanks, '--host', '0.0.0.0'];
    node = await cluster.join('b', leader.url, { through: b.through, env, args });
  });
  afterAll(async () => {
    // So that it can say goodbye.
    hosts.b.mend();
    await cluster.close();
    network.close();
  });

  test('join over the network with their tokens, and both show the same ranks', async () => {
    const runnersAt = async (url: string) => {
      const { runners } = await eventually(() => timelineAt(url), isWhole);
      return runners.map(({ runnerId }) => runnerId);
    };
    expect(await runnersAt(nodeUrl())).toEqual(await runnersAt(leader.url));
    expect(placesOf(await nodesOf(leader.url, headers))).toEqual([
      ['a', leader.url],
      ['b', nodeUrl()],
    ]);
    const statusWith = async (path: string, given: string) =>
      (await fetch(`${leader.url}${path}`, { headers: { authorization: `Bearer ${given}` } })).status;
    expect(await statusWith('/v1/diagnostics/node', joinToken)).toBe(200);
    expect(await statusWith('/v1/diagnostics/cluster', joinToken)).toBe(401);
    expect(await statusWith('/v1/diagnostics/node', 'any-other-word')).toBe(401);
  });

  test('a cut cable is told of within three seconds, on both sides, and mended it is one cluster again', async () => {
    const url = nodeUrl();
    hosts.b.cut();
    const cutMs = performance.now();
    const { unreachableNodes } = await eventually(
      () => timelineAt(leader.url),
      (timeline) => timeline.unreachableNodes.length > 0,
    );
    expect(performance.now() - cutMs).toBeLessThan(3_000);
    expect(unreachableNodes).toMatchObject([{ url, error: expect.stringMatching(/^no (answer|way)/) }]);

    const seenFromB = timelineFrom(hosts.b, `http://127.0.0.1:${portOf(node)}`);
    expect(seenFromB.runners, 'it goes on showing its own').toHaveLength(2);
    expect(seenFromB.unreachableNodes).toMatchObject([
      { url: leader.url, error: expect.stringMatching(/^no (answer|way)/) },
    ]);

    hosts.b.mend();
    for (const one of [leader.url, url]) await eventually(() => timelineAt(one), isWhole);
    const { nodes } = await eventually(
      () => nodesOf(leader.url, headers),
      (now) => now.nodes.every(({ nodeId, reportsSince }) => nodeId === now.masterNodeId || reportsSince !== null),
    );
    expect(nodes).toHaveLength(2);
  });

  test('a host that is given another address is the same node, at the new one', async () => {
    hosts.b.move();
    const { nodes } = await eventually(
      () => nodesOf(leader.url, headers),
      (now) => now.nodes.some(({ url }) => url === nodeUrl()),
      20_000,
    );
    expect(nodes).toHaveLength(2);
    await eventually(() => timelineAt(leader.url), isWhole);
  });
});

/** As somebody on the host itself sees it. */
function timelineFrom(host: NetworkHost, url: string): ClusterTimeline {
  const ask = `fetch(process.argv[1], { headers: ${JSON.stringify(headers)} }).then((a) => a.text()).then(console.log)`;
  const [program = '', ...words] = [
    ...host.through,
    process.execPath,
    '-e',
    ask,
    `${url}/v1/diagnostics/cluster/timeline`,
  ];
  const { stdout } = spawnSync(program, words, { encoding: 'utf8', timeout: 20_000 });
  return JSON.parse(stdout) as ClusterTimeline;
}
