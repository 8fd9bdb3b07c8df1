import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { brokenPeer, htmlPeer, hugePeer, type Peer, refusedPeer, silentPeer } from '../support/plane-bad-peers.ts';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { getJson, timelineOf } from '../support/plane-requests.ts';

const open: { close(): void }[] = [];
const planes: StartedPlane[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await Promise.all(planes.splice(0).map((plane) => plane.stop()));
});

async function planeWith(peers: readonly Peer[], args: readonly string[] = ['--no-model']): Promise<StartedPlane> {
  open.push(...peers);
  const plane = await startPlane({ args: [...args, '--peers', peers.map(({ url }) => url).join(',')] });
  planes.push(plane);
  return plane;
}

test('one live plane and four bad ones: answered within the deadline, each named with its own error', async () => {
  const live = await startPlane({ args: ['--engine', 'simulated', '--ranks', '2'] });
  planes.push(live);
  const liveId = await getJson<string>(`${live.url}/node_id`);
  const bad = await Promise.all([refusedPeer(), silentPeer(), brokenPeer(), htmlPeer()]);
  const plane = await planeWith([...bad, { url: live.url, asked: () => 0, close: () => undefined }]);

  const startedMs = performance.now();
  const { unreachableNodes, runners, masterNodeId } = await timelineOf(plane.url);
  expect(performance.now() - startedMs).toBeLessThan(2_200);

  expect(masterNodeId, 'peers without a leader').toBeNull();
  expect(runners.map(({ nodeId, deviceRank }) => [nodeId, deviceRank])).toEqual([
    [liveId, 0],
    [liveId, 1],
  ]);
  const errorAt = (peer: Peer | undefined) => unreachableNodes.find(({ url }) => url === peer?.url)?.error;
  expect(errorAt(bad[0])).toMatch(/refused/);
  expect(errorAt(bad[1])).toBe('no answer in 2000 ms');
  expect(errorAt(bad[2])).toMatch(/HTTP 500/);
  expect(errorAt(bad[3])).toMatch(/not JSON/);
  expect(unreachableNodes).toHaveLength(4);
});

test('sixteen dead peers cost one deadline', async () => {
  const peers = await Promise.all(Array.from({ length: 16 }, (_, index) => (index % 2 ? silentPeer() : refusedPeer())));
  const plane = await planeWith(peers, ['--no-model', '--node-deadline-ms', '500']);
  await timelineOf(plane.url);
  const startedMs = performance.now();
  const { unreachableNodes } = await timelineOf(plane.url);
  expect(performance.now() - startedMs).toBeLessThan(700);
  expect(unreachableNodes).toHaveLength(16);
});

test('a peer that sends 200 MB is cut off and named', async () => {
  const huge = await hugePeer();
  const plane = await planeWith([huge]);
  const { unreachableNodes } = await timelineOf(plane.url);
  expect(unreachableNodes[0]?.error).toMatch(/larger than 64 MiB|no answer in 2000 ms/);
});

test('a node that has gone keeps its name, also after the asking plane started anew', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'rankscope-gather-'));
  const live = await startPlane();
  const liveId = await getJson<string>(`${live.url}/node_id`);
  const args = ['--no-model', '--peers', live.url];
  const first = await startPlane({ args, dataDir });
  expect((await timelineOf(first.url)).unreachableNodes).toEqual([]);
  await Promise.all([live.stop(), first.stop()]);

  const second = await startPlane({ args, dataDir });
  expect((await timelineOf(second.url)).unreachableNodes).toMatchObject([{ nodeId: liveId, url: live.url }]);
  const statusOf = async (nodeId: string) => (await fetch(`${second.url}/v1/diagnostics/cluster/${nodeId}`)).status;
  expect([await statusOf(liveId), await statusOf('nobody')]).toEqual([502, 404]);
  await second.stop();
  rmSync(dataDir, { recursive: true });
});

test('a plane that is its own peer is heard once', async () => {
  const first = await startPlane();
  const port = new URL(first.url).port;
  await first.stop();
  const plane = await startPlane({ args: ['--no-model', '--port', port, '--peers', `http://127.0.0.1:${port}`] });
  planes.push(plane);
  const { nodes } = await getJson<{ nodes: unknown[] }>(`${plane.url}/v1/diagnostics/cluster`);
  expect(nodes).toHaveLength(1);
});
