import type { ClusterTimeline, ClusterTimelineEntry } from '@rankscope/schema';
import { NodeDiagnostics } from '@rankscope/schema';
import { afterEach, expect, test } from 'vitest';
import { createMemoryEntryStore } from '../../apps/plane/src/control/entries/memory-entry-store.ts';
import { batchOf } from '../../apps/plane/src/control/entries/rows.fixture.ts';
import { type Leader, openLeader } from '../support/open-leader.ts';
import { type Peer, silentPeer } from '../support/plane-bad-peers.ts';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { analysisOf, chatBody, eventually, getJson, post, timelineOf } from '../support/plane-requests.ts';

const planes: StartedPlane[] = [];
const leaders: Leader[] = [];
const peers: Peer[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await Promise.all(leaders.splice(0).map((leader) => leader.close()));
  await Promise.all(planes.splice(0).map((plane) => plane.stop()));
});

async function opened(options: Parameters<typeof openLeader>[0]): Promise<Leader> {
  const leader = await openLeader(options);
  leaders.push(leader);
  return leader;
}

/** A plane with two simulated ranks, one hung in the middle of an answer; a plane that leads it, and one that joined. */
async function decodingCluster() {
  const plane = await startPlane({ args: ['--engine', 'simulated', '--ranks', '2'] });
  planes.push(plane);
  const nodeId = await getJson<string>(`${plane.url}/node_id`);
  const leader = await opened({ peers: new Map([[nodeId, plane.url]]) });
  const both = new Map([
    [nodeId, plane.url],
    [leader.nodeId, leader.url],
  ]);
  const joined = await opened({ peers: both, joins: leader });
  const chat = () => post(`${plane.url}/v1/chat/completions`, chatBody()).then((answered) => answered.text());
  for (let i = 0; i < 3; i += 1) await chat();
  const hang = { kind: 'hang', rank: 1, at: 'decode_barrier', after: 3 };
  expect((await post(`${plane.url}/v1/diagnostics/node/inject`, hang)).status).toBe(200);
  const answer = chat().catch(() => undefined);
  await eventually(
    () => timelineOf(leader.url),
    ({ runners }) => runners.length === 2 && runners.every(({ phase }) => phase === 'decode_barrier'),
  );
  const { timeline } = await timelineOf(plane.url, '?limit=65536');
  await eventually(
    async () => leader.tailed(nodeId)?.entries ?? 0,
    (entries) => entries >= timeline.length,
  );
  return { plane, nodeId, leader, joined, answer };
}

const keyOf = ({ runnerId, attrs }: ClusterTimelineEntry) => `${runnerId} ${attrs.source ?? 'own'} ${attrs.seq}`;
const phasesOf = ({ runners }: ClusterTimeline) => runners.map(({ runnerId, phase }) => [runnerId, phase]);

test('a killed node is listed as unreachable, and its ranks stay where they were last seen, at every plane', async () => {
  const { plane, nodeId, leader, joined, answer } = await decodingCluster();
  process.kill(plane.pid, 'SIGKILL');
  const killedMs = performance.now();
  await answer;
  for (const { url } of [leader, joined]) {
    const timeline = await eventually(
      () => timelineOf(url, '?limit=2000'),
      ({ unreachableNodes }) => unreachableNodes.length > 0,
      3_000,
    );
    expect(timeline.unreachableNodes).toMatchObject([
      { nodeId, url: plane.url, error: expect.stringMatching(/refused|closed/) },
    ]);
    expect(timeline.runners.map((runner) => [runner.nodeId, runner.deviceRank])).toEqual([
      [nodeId, 0],
      [nodeId, 1],
    ]);
    for (const { runnerId, phase } of timeline.runners) {
      expect(phase).toBe('decode_barrier');
      const own = timeline.timeline.filter((entry) => entry.runnerId === runnerId);
      expect(own.length).toBeGreaterThan(200);
      expect(new Set(own.map(keyOf)).size, 'no entry twice').toBe(own.length);
    }
    const analysis = await analysisOf(url);
    expect(analysis.runners.map(({ stale }) => stale)).toEqual([true, true]);
    expect(analysis.nodes.filter(({ reachable }) => !reachable).map((node) => node.nodeId)).toEqual([nodeId]);
  }
  expect(performance.now() - killedMs, 'and that soon').toBeLessThan(6_000);
  const [ours, theirs] = await Promise.all([timelineOf(leader.url), timelineOf(joined.url)]);
  expect(phasesOf(theirs)).toEqual(phasesOf(ours));
  expect(theirs.timeline.map(keyOf)).toEqual(ours.timeline.map(keyOf));
});

test('a frozen node costs one deadline, and its last words are there by then', async () => {
  const { plane, leader, joined } = await decodingCluster();
  process.kill(plane.pid, 'SIGSTOP');
  try {
    for (const { url } of [leader, joined]) {
      const startedMs = performance.now();
      const { runners, unreachableNodes, timeline } = await timelineOf(url);
      expect(performance.now() - startedMs).toBeLessThan(2_200);
      expect(unreachableNodes).toMatchObject([{ error: 'no answer in 2000 ms' }]);
      expect([runners.length, timeline.length > 500]).toEqual([2, true]);
    }
  } finally {
    process.kill(plane.pid, 'SIGCONT');
  }
});

test('sixteen silent nodes with kept words cost one deadline', async () => {
  const deadlineMs = 1_000;
  const at = '2026-11-22T02:41:07.412913Z';
  const store = createMemoryEntryStore();
  const places = new Map<string, string>();
  for (let n = 0; n < 16; n += 1) {
    const peer = await silentPeer();
    peers.push(peer);
    const nodeId = `node-${n}`;
    places.set(nodeId, peer.url);
    const runner = {
      ...{ runnerId: `r${n}`, instanceId: 'i', nodeId, modelId: 'm', deviceRank: n, worldSize: 16 },
      ...{ startLayer: 0, endLayer: 1, nLayers: 1, processAlive: true, statusKind: 'RunnerReady', statusSince: at },
      ...{ secondsInStatus: 1, phase: 'decode_barrier', phaseStartedAt: at, secondsInPhase: 1 },
    };
    const diagnostics = NodeDiagnostics.parse({
      generatedAt: at,
      runtime: { nodeId, hostname: 'h', isMaster: false, cwd: '.' },
      resources: {},
      supervisorRunners: [runner],
    });
    const rows = Array.from({ length: 2_000 }, (_, seq) => ({ runnerId: `r${n}`, nodeId, seq, atUs: 1_000_000 + seq }));
    await store.append({ nodeId, batch: batchOf(rows), cursor: 'c', diagnostics });
  }
  const leader = await opened({ peers: places, store, deadlineMs });
  const { runners, unreachableNodes, timeline } = await timelineOf(leader.url);
  expect([unreachableNodes.length, runners.length, timeline.length]).toEqual([16, 16, 16 * 1_024]);
  // Few entries, because turning thousands into JSON takes its time whoever is silent.
  const startedMs = performance.now();
  expect((await timelineOf(leader.url, '?limit=32')).timeline).toHaveLength(16 * 32);
  expect(performance.now() - startedMs).toBeLessThan(deadlineMs + 200);
});

test('the live timeline keeps the ranks of a node that goes, and tells no entry twice', async () => {
  const { plane, nodeId, leader, answer } = await decodingCluster();
  const { createPlaneClient } = await import('@rankscope/client');
  const stop = new AbortController();
  const keys: string[] = [];
  let goneFor = 0;
  for await (const change of createPlaneClient(leader.url).watchTimeline(stop.signal)) {
    const entries = change.kind === 'snapshot' ? change.timeline.timeline : change.entries;
    keys.push(...entries.map(keyOf));
    if (change.kind === 'snapshot') {
      process.kill(plane.pid, 'SIGKILL');
      await answer;
      continue;
    }
    expect(change.runners.map((runner) => runner.nodeId)).toEqual([nodeId, nodeId]);
    goneFor += change.unreachableNodes.length;
    if (goneFor === 3) {
      expect(change.analysis.runners.map(({ stale }) => stale)).toEqual([true, true]);
      break;
    }
  }
  stop.abort();
  expect(new Set(keys).size).toBe(keys.length);
});
