import { NodeDiagnostics } from '@rankscope/schema';
import { expect, test } from 'vitest';
import type { GatheredNode } from './gathered-node.ts';
import { mergeNodes } from './merge-nodes.ts';
import { stitch } from './stitch.ts';

const at = '2026-11-22T00:00:00.000000Z';
const head = { generatedAt: at, localNodeId: 'a', masterNodeId: null };

function answering(nodeId: string, url: string | null, ranks: readonly object[] = []): GatheredNode {
  const runtime = { nodeId, hostname: nodeId, isMaster: false, cwd: '/', friendlyName: `the ${nodeId}` };
  const diagnostics = NodeDiagnostics.parse({ generatedAt: at, runtime, resources: {}, supervisorRunners: ranks });
  return { kind: 'ok', nodeId, url, diagnostics, roundTripMs: 2 };
}

const silent = (nodeId: string, url: string | null): GatheredNode => ({
  kind: 'unreachable',
  nodeId,
  url,
  error: 'refused',
});

test('a node heard by its id and by its address is one node, and an answer beats silence', () => {
  const nodes = [
    answering('a', 'http://a:1'),
    silent('http://a:1/', 'http://a:1/'),
    silent('http://b:1', 'http://b:1'),
    silent('b', 'http://b:1'),
    silent('c', null),
    silent('c', 'http://c:1'),
  ];
  const { timeline, analysis } = stitch({ ...head, query: { limit: 1 }, nodes });
  expect(timeline.unreachableNodes.map(({ nodeId, url }) => [nodeId, url])).toEqual([
    ['b', 'http://b:1'],
    ['c', 'http://c:1'],
  ]);
  expect(analysis.nodes.map(({ nodeId, reachable, friendlyName }) => [nodeId, reachable, friendlyName])).toEqual([
    ['a', true, 'the a'],
    ['b', false, null],
    ['c', false, null],
  ]);
});

test('a node that answered is called what it calls itself', () => {
  const node = { ...answering('a', 'http://a:1'), nodeId: 'http://a:1' };
  expect(mergeNodes([node]).answered.map(({ nodeId }) => nodeId)).toEqual(['a']);
});

test('64 nodes with 4,096 entries each are one timeline in a moment', () => {
  const flightRecorder = Array.from({ length: 4096 }, (_, seq) => {
    const time = new Date(Date.UTC(2026, 10, 22) + seq).toISOString();
    return { at: time.replace('Z', '000Z'), phase: 'decode_stream', event: 'enter', attrs: { seq } };
  });
  const nodes = Array.from({ length: 64 }, (_, rank) => {
    const runner = {
      ...{ runnerId: `r${rank}`, instanceId: 'i', nodeId: `n${rank}`, modelId: 'm', deviceRank: rank, worldSize: 64 },
      ...{ startLayer: 0, endLayer: 1, nLayers: 1, processAlive: true, statusKind: 'RunnerRunning', statusSince: at },
      ...{ secondsInStatus: 1, phase: 'idle', phaseStartedAt: at, secondsInPhase: 1, flightRecorder },
    };
    return answering(`n${rank}`, null, [runner]);
  });
  const startedAt = performance.now();
  const { timeline } = stitch({ ...head, query: { limit: 4096 }, nodes });
  const ms = performance.now() - startedAt;
  console.log(`stitch 64 nodes x 4096 entries: ${ms.toFixed(0)} ms`);
  expect(timeline.timeline).toHaveLength(64 * 4096);
  // A limit for a busy machine; alone it takes a tenth.
  expect(ms).toBeLessThan(5000);
});
