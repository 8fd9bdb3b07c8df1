import { ClusterAnalysis, ClusterTimelineWritten, NodeDiagnostics, type TimelineQuery } from '@rankscope/schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GatheredNode } from './gathered-node.ts';
import { formatUs } from './instant.ts';
import { stitch } from './stitch.ts';

const startUs = Date.UTC(2026, 10, 22) * 1000;
const head = { generatedAt: '2026-11-22T00:10:00Z', localNodeId: 'a', masterNodeId: null };
const everything: TimelineQuery = { limit: 1024 };

interface Drawn {
  readonly atUs: number;
  readonly seq: number | null;
  readonly taskId: string | null;
  readonly source?: string;
}

function entry({ atUs, seq, taskId, source }: Drawn) {
  const attrs = { ...(seq !== null && { seq }), ...(source !== undefined && { source }) };
  return {
    at: formatUs(startUs + atUs),
    phase: 'decode_stream',
    event: 'enter',
    taskId,
    attrs,
    context: null,
    extra: 1,
  };
}

interface Rank {
  readonly nodeId: string;
  readonly rank: number;
  readonly entries: readonly Drawn[];
  readonly instanceId?: string;
  readonly limit?: number;
}

function node(nodeId: string, ranks: readonly Rank[], url: string | null = `http://${nodeId}:1`): GatheredNode {
  const diagnostics = NodeDiagnostics.parse({
    generatedAt: '2026-11-22T00:09:59+00:00',
    runtime: { nodeId, hostname: nodeId, isMaster: false, cwd: '/', friendlyName: `the ${nodeId}` },
    resources: {},
    supervisorRunners: ranks.map(({ rank, entries, instanceId = 'i' }) => ({
      runnerId: `${nodeId}-${rank}`,
      instanceId,
      nodeId,
      modelId: 'm',
      deviceRank: rank,
      worldSize: 4,
      startLayer: 0,
      endLayer: 1,
      nLayers: 1,
      processAlive: true,
      statusKind: 'RunnerRunning',
      statusSince: head.generatedAt,
      secondsInStatus: 1,
      phase: 'decode_stream',
      phaseStartedAt: head.generatedAt,
      secondsInPhase: 1,
      lastProgressAt: '2026-11-22T00:09:57Z',
      flightRecorder: entries.map(entry),
    })),
  });
  return { kind: 'ok', nodeId, url, diagnostics, roundTripMs: 2 };
}

const arbitraryEntries = fc.array(
  fc.record({
    atUs: fc.nat(50),
    seq: fc.option(fc.nat(12)),
    taskId: fc.constantFrom(null, 't1', 't2'),
    source: fc.constantFrom('runner', 'supervisor'),
  }),
  { maxLength: 20 },
);
const arbitraryNodes = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 })
  .chain((ids) => fc.tuple(...ids.map((id) => fc.oneof(answering(id), silentNode(id)))));
const answering = (id: string) =>
  fc
    .array(fc.record({ nodeId: fc.constant(id), rank: fc.nat(3), entries: arbitraryEntries }), { maxLength: 3 })
    .map((ranks) => node(id, ranks));
const silentNode = (nodeId: string) =>
  fc.constant<GatheredNode>({ kind: 'unreachable', nodeId, url: `http://${nodeId}:1`, error: 'no answer in 2000 ms' });

test('a node that does not answer keeps its last words, called stale', () => {
  const rank = { nodeId: 'b', rank: 1, entries: [{ atUs: 5, seq: 0, taskId: null }] };
  const said = node('b', [rank]);
  if (said.kind !== 'ok') throw new Error('a drawn node answers');
  const silent: GatheredNode = {
    kind: 'unreachable',
    nodeId: 'b',
    url: 'http://b:1',
    error: 'refused',
    lastWords: said.diagnostics,
  };
  const other = node('a', [{ ...rank, nodeId: 'a', rank: 0 }]);

  const { timeline, analysis } = stitch({ ...head, query: everything, nodes: [other, silent] });
  expect(timeline.unreachableNodes).toEqual([{ nodeId: 'b', url: 'http://b:1', error: 'refused' }]);
  expect(timeline.runners.map(({ runnerId, phase }) => [runnerId, phase])).toEqual([
    ['a-0', 'decode_stream'],
    ['b-1', 'decode_stream'],
  ]);
  expect(timeline.timeline.map(({ runnerId }) => runnerId)).toEqual(['a-0', 'b-1']);
  expect(analysis.runners.map(({ stale }) => stale)).toEqual([false, true]);

  const answered = stitch({ ...head, query: everything, nodes: [other, silent, said] });
  expect(
    answered.analysis.runners.map(({ stale }) => stale),
    'an answer beats what was kept',
  ).toEqual([false, false]);
});

test('the answer does not depend on the order in which nodes answered', () => {
  fc.assert(
    fc.property(
      arbitraryNodes.chain((nodes) =>
        fc.tuple(fc.constant(nodes), fc.shuffledSubarray(nodes, { minLength: nodes.length })),
      ),
      ([nodes, shuffled]) => {
        expect(stitch({ ...head, query: everything, nodes: shuffled })).toEqual(
          stitch({ ...head, query: everything, nodes }),
        );
      },
    ),
  );
});

test('hearing everybody twice changes nothing', () => {
  fc.assert(
    fc.property(arbitraryNodes, (nodes) => {
      const once = stitch({ ...head, query: everything, nodes });
      expect(stitch({ ...head, query: everything, nodes: [...nodes, ...nodes] })).toEqual(once);
    }),
  );
});

test('clocks are told of nodes that were asked, each by its narrowest bound', () => {
  const bound = (uncertaintySeconds: number) => ({ offsetSeconds: 0.5, uncertaintySeconds });
  const nodes = [
    { ...node('b', []), clock: bound(0.2) },
    { ...node('a', []), clock: bound(0.3) },
    { ...node('b', [], 'http://elsewhere:1'), clock: bound(0.1) },
    node('c', []),
  ];
  const { analysis } = stitch({ ...head, query: everything, nodes });
  expect(analysis.clocks).toEqual([
    { nodeId: 'a', ...bound(0.3) },
    { nodeId: 'b', ...bound(0.1) },
  ]);
});

test('filters commute: two at once keep what both keep', () => {
  const range = fc.record({ since: fc.nat(50), until: fc.nat(50), taskId: fc.constantFrom('t1', 't2') });
  fc.assert(
    fc.property(arbitraryNodes, range, (nodes, { since, until, taskId }) => {
      const times = { since: formatUs(startUs + since), until: formatUs(startUs + until) };
      const ask = (query: Partial<TimelineQuery>) =>
        stitch({ ...head, query: { ...everything, ...query }, nodes }).timeline.timeline;
      const inTime = ask(times).map((e) => JSON.stringify(e));
      expect(ask({ ...times, taskId })).toEqual(ask({ taskId }).filter((e) => inTime.includes(JSON.stringify(e))));
    }),
  );
});

test('what comes out is the published shape and nothing more, sorted, each entry once', () => {
  fc.assert(
    fc.property(arbitraryNodes, (nodes) => {
      const { timeline, analysis } = stitch({ ...head, query: everything, nodes });
      ClusterTimelineWritten.parse(timeline);
      ClusterAnalysis.parse(analysis);
      const order = timeline.timeline.map((e) => [e.at, e.nodeId, e.deviceRank, Number(e.attrs.seq ?? -1)] as const);
      const sorted = order.toSorted((a, b) =>
        a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : a[2] - b[2] || a[3] - b[3],
      );
      expect(order).toEqual(sorted);
      const keys = timeline.timeline
        .filter((e) => e.attrs.seq !== undefined)
        .map((e) => `${e.runnerId} ${e.attrs.source} ${e.attrs.seq}`);
      expect(new Set(keys).size).toBe(keys.length);
    }),
  );
});

test('runners stand by model, rank, runner', () => {
  const nodes = [
    node('b', [{ nodeId: 'b', rank: 1, entries: [] }]),
    node('a', [
      { nodeId: 'a', rank: 10, entries: [] },
      { nodeId: 'a', rank: 2, entries: [] },
    ]),
  ];
  expect(stitch({ ...head, query: everything, nodes }).timeline.runners.map((r) => r.deviceRank)).toEqual([1, 2, 10]);
});

test('the newest entries of each runner are kept, and it is said that others were not', () => {
  const many = Array.from({ length: 10 }, (_, seq) => ({ atUs: seq, seq, taskId: null }));
  const nodes = [
    node('a', [
      { nodeId: 'a', rank: 0, entries: many },
      { nodeId: 'a', rank: 1, entries: many.slice(0, 3) },
    ]),
  ];
  const { timeline, truncated } = stitch({ ...head, query: { limit: 4 }, nodes });
  expect(truncated).toBe(true);
  expect(timeline.timeline.filter((e) => e.deviceRank === 0).map((e) => e.attrs.seq)).toEqual([6, 7, 8, 9]);
  expect(timeline.timeline.filter((e) => e.deviceRank === 1)).toHaveLength(3);
  expect(stitch({ ...head, query: everything, nodes }).truncated).toBe(false);
});

test('the analysis names the ranks that never came, and reads a foreign node by its own clock', () => {
  const { analysis } = stitch({
    ...head,
    query: everything,
    nodes: [node('a', [{ nodeId: 'a', rank: 2, entries: [] }])],
  });
  expect(analysis.instances).toEqual([
    { instanceId: 'i', modelId: 'm', worldSize: 4, seenRanks: [2], missingRanks: [0, 1, 3] },
  ]);
  expect(analysis.runners[0]).toMatchObject({
    attempt: 1,
    secondsSinceProgress: 2,
    openSite: null,
    snapshotAt: '2026-11-22T00:09:59.000000Z',
  });
});

test('an instance filter keeps its runners only', () => {
  const nodes = [
    node('a', [
      { nodeId: 'a', rank: 0, entries: [{ atUs: 1, seq: 1, taskId: null }], instanceId: 'j' },
      { nodeId: 'a', rank: 1, entries: [{ atUs: 1, seq: 1, taskId: null }] },
    ]),
  ];
  const { timeline } = stitch({ ...head, query: { ...everything, instanceId: 'j' }, nodes });
  expect(timeline.runners.map((r) => r.deviceRank)).toEqual([0]);
  expect(timeline.timeline.map((e) => e.deviceRank)).toEqual([0]);
});

test('what a store kept is merged with what the nodes sent: each entry once, also of runners that are gone', () => {
  const drawn = (seqs: readonly number[]) => seqs.map((seq) => ({ atUs: seq, seq, taskId: null }));
  const nodes = [node('a', [{ nodeId: 'a', rank: 0, entries: drawn([5, 6, 7]) }])];
  const keptOf = (runnerId: string, seqs: readonly number[]) =>
    drawn(seqs).map((one) => ({
      ...{ nodeId: 'a', runnerId, deviceRank: 0, worldSize: 4, event: 'enter', phase: 'idle', detail: null },
      ...{ at: formatUs(startUs + one.atUs), attrs: { seq: one.seq }, taskId: null, commandId: null, mlxMemory: null },
    }));
  const entries = [...keptOf('a-0', [3, 4, 5, 6]), ...keptOf('gone', [1, 2])];
  const asked = (limit: number, truncated = false) =>
    stitch({ ...head, query: { limit, since: '2026-11-22T00:00:00Z' }, nodes, kept: { entries, truncated } });

  const { timeline, truncated } = asked(10);
  expect(timeline.timeline.map(({ runnerId, attrs }) => `${runnerId} ${attrs.seq}`)).toEqual([
    ...['gone 1', 'gone 2', 'a-0 3', 'a-0 4', 'a-0 5', 'a-0 6', 'a-0 7'],
  ]);
  expect(
    timeline.runners.map(({ runnerId }) => runnerId),
    'nobody speaks for those that are gone',
  ).toEqual(['a-0']);
  expect(truncated).toBe(false);
  expect(asked(3).truncated).toBe(true);
  expect(asked(10, true).truncated, 'the store left some out').toBe(true);
});
