import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock, createLog } from '@rankscope/daemon';
import { type FlightWriter, openRingWriter } from '@rankscope/flight-recorder';
import {
  ClusterAnalysis,
  ClusterTimeline,
  decodeEntryBatch,
  entryAt,
  entryBatchMime,
  NodeDiagnostics,
  NodeEntriesAnswer,
  NodeEntriesHead,
  Problem,
  TimelineColumnsHead,
} from '@rankscope/schema';
import { afterEach, expect, test, vi } from 'vitest';
import { createCluster } from '../cluster/gather/gather.ts';
import { createTimelineFeed } from '../cluster/gather/timeline-feed.ts';
import { createMemoryEntryStore } from '../control/entries/memory-entry-store.ts';
import { createLazyIntake } from '../control/intake/lazy-intake.ts';
import { openTail } from '../control/tail/open-tail.ts';
import { openNodeEntries } from '../node/expose/node-entries.ts';
import { openRingView } from '../node/expose/ring-view.ts';
import { historyMetrics } from '../operations/metrics/history-metrics.ts';
import { createMetrics } from '../operations/metrics/metrics.ts';
import { noTracing } from '../tracing/tracing.ts';
import { createApp } from './app.ts';

const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const bootId = '8c6f5b7e-5c0e-4d7e-9d0e-3f4f0f5b9f10';
const ids = { instanceId: 'i', nodeId: 'n', modelId: 'm' };
const taskOf = (n: number) => `0193a5c4-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** A cluster of one. */
const alone = (masterNodeId: string | null) => ({
  masterNodeId,
  peers: () => [],
  remember: () => undefined,
  subscribe: () => () => undefined,
});

/** A plane without a port over one ring; it leads, unless told otherwise. */
function plane({ leads = true } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-routes-'));
  closing.push(() => rmSync(dir, { recursive: true }));
  const clock = createClock();
  const log = createLog({ level: 'error', wallNs: clock.wallNs });
  const path = join(dir, 'r.ring');
  const writer = openRingWriter(path, { ...ids, runnerId: 'r', rank: 0, worldSize: 1, attempt: 1, bootId });
  const own = openRingView({ path, wallAtNs: clock.wallAtNs, source: null });
  const diagnose = (limit: number): NodeDiagnostics => {
    const at = '2026-11-22T02:41:07.412913Z';
    const glance = own.look(limit, false);
    const flightRecorder = glance.kind === 'readable' ? glance.entries.map(({ entry }) => entry) : [];
    const ring = glance.kind === 'readable' ? { ringFirstSeq: glance.firstSeq, ringLastSeq: glance.lastSeq } : {};
    const nothing = { secondsSinceProgress: null, openSite: null, lastLeft: null, dropped: 0, torn: 0 };
    const unsaid = { secondsSinceHeartbeat: null, secondsSinceLoop: null, exitSignal: null, errorMessage: null };
    const rankscope = { attempt: 1, ringFirstSeq: null, ringLastSeq: null, ...nothing, ...unsaid, ...ring };
    const runner = {
      ...{ ...ids, runnerId: 'r', deviceRank: 0, worldSize: 1, startLayer: 0, endLayer: 1, nLayers: 1 },
      ...{ processAlive: true, statusKind: 'RunnerReady', statusSince: at, secondsInStatus: 1 },
      ...{ phase: 'idle', phaseStartedAt: at, secondsInPhase: 1, flightRecorder, rankscope },
    };
    const runtime = { nodeId: 'n', hostname: 'h', isMaster: leads, cwd: '.' };
    return NodeDiagnostics.parse({ generatedAt: at, runtime, resources: {}, supervisorRunners: [runner] });
  };
  const entries = openNodeEntries({
    ...{ nodeId: 'n', bootId, runnersDir: dir, clock, log },
    diagnose: () => diagnose(0),
    isAlive: () => true,
  });
  const cluster = createCluster({
    ...{ localNodeId: 'n', book: alone(leads ? 'n' : null), deadlineMs: 100, token: null },
    ...{ diagnose, lastWords: () => Promise.resolve(null), nowMs: () => 0, wallNs: clock.wallNs },
  });
  const store = createMemoryEntryStore();
  const peers = { peers: () => [], subscribe: () => () => undefined };
  const tail = openTail({ nodeId: 'n', entries, peers, store, deadlineMs: 100, token: null, clock, log });
  closing.push(tail.close, entries.close, own.close);
  const app = createApp({
    ctx: {
      ...{
        nodeId: 'n',
        injectAllowed: false,
        nodeDeadlineMs: 100,
        taskDeadlineMs: 100,
        incarnation: 'p',
        planeToken: null,
        clock,
      },
      ...{ newId: () => 'x', newSeed: () => 1, wantsModel: false, serving: () => null, whyNotServing: () => '' },
      ...{ view: { diagnose, close: () => undefined }, entries, keeping: leads ? { store, tail } : null, cluster },
      ...{ membership: { role: 'peers' as const }, takesJoins: false },
      metrics: createMetrics({ nodeId: 'n', sources: [historyMetrics('n', { store, tail })], log }),
      tracing: noTracing,
      intake: createLazyIntake({
        wallNs: clock.wallNs,
        log,
        knowsRunner: () => false,
        expectsNode: () => false,
        onBatch: null,
      }),
      feed: createTimelineFeed({ cluster, wallNs: clock.wallNs }),
    },
    ...{
      log,
      tokens: { token: null, joinToken: null, readToken: null },
      webDir: join(dir, 'none'),
      url: () => 'http://127.0.0.1:52777',
    },
  });
  const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers });
  const stored = (count: number) => vi.waitFor(() => expect(tail.nodes()[0]?.entries).toBe(count), { timeout: 3_000 });
  return { writer, get, stored };
}

/** So many entries, a hundred a task. */
function record(writer: FlightWriter, count: number): void {
  for (let n = 0; n < count; n += 1) {
    if (n % 100 === 0) writer.setTask({ taskId: taskOf(n / 100), commandId: taskOf(n / 100) });
    writer.record({ phase: 'decode_stream', kind: 'mark', event: 'progress', a: n, b: count });
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

async function problemOf(answer: Response): Promise<Problem> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  return Problem.parse(await answer.json());
}

test('entries of a node come as bytes for whoever names them, else as JSON, and both say the same', async () => {
  const { writer, get } = plane();
  record(writer, 150);
  const json = NodeEntriesAnswer.parse(await (await get('/v1/diagnostics/node/entries')).json());
  const answer = await get('/v1/diagnostics/node/entries', { accept: entryBatchMime });
  expect(answer.headers.get('content-type')).toBe(entryBatchMime);
  const { batch, meta } = decodeEntryBatch(new Uint8Array(await answer.arrayBuffer()));
  const { batch: columns, ...head } = json;
  expect({ ...NodeEntriesHead.parse(meta), generatedAt: '' }).toMatchObject({ cursor: head.cursor, more: false });
  expect(columns.rows).toBe(150);
  expect(columns.columns.chunkIndex).toEqual([...batch.columns.chunkIndex]);
  expect(columns.columns.barrierSeq, 'nobody said anything of it').toBeUndefined();
  const [{ flightRecorder = [] } = {}] = NodeDiagnostics.parse(
    await (await get('/v1/diagnostics/node')).json(),
  ).supervisorRunners;
  const asTold = flightRecorder.map(({ context: _context, ...entry }) => entry);
  expect(range(0, 150).map((row) => entryAt(batch, row))).toMatchObject(asTold);

  record(writer, 1);
  const next = await get(`/v1/diagnostics/node/entries?after=${head.cursor}&waitMs=1000`);
  expect(NodeEntriesAnswer.parse(await next.json()).batch.columns.seq).toEqual([150]);
});

test('what is wrong with a question for entries is said, with the key and the fix', async () => {
  const { get } = plane();
  const cases = [
    ['after=nonsense', /^after: "nonsense" is no cursor of this node; send the `cursor`/],
    ['waitMs=-1', /^waitMs: must be a whole number from 0 to 10000$/],
    ['limit=0', /^limit: must be a whole number from 1 to 65536$/],
    ['since=now', /unknown key "since"/],
  ] as const;
  for (const [query, detail] of cases) {
    const problem = await problemOf(await get(`/v1/diagnostics/node/entries?${query}`));
    expect([problem.status, problem.error.code]).toEqual([422, 'bad_query']);
    expect(problem.detail).toMatch(detail);
  }
});

test('a question that goes back in time is answered whole from the store, whatever the limit of the recorders', async () => {
  const { writer, get, stored } = plane();
  record(writer, 5_000);
  await stored(5_000);
  const answer = await get(`/v1/diagnostics/cluster/timeline?taskId=${taskOf(3)}&limit=200`);
  const { timeline, runners } = ClusterTimeline.parse(await answer.json());
  expect(timeline.map(({ attrs }) => attrs.seq)).toEqual(range(300, 400));
  expect(runners).toHaveLength(1);
  expect([answer.headers.get('x-rankscope-truncated'), answer.headers.get('x-rankscope-history')]).toEqual([
    null,
    'store',
  ]);

  const cut = await get(`/v1/diagnostics/cluster/timeline?taskId=${taskOf(3)}&limit=20`);
  expect(ClusterTimeline.parse(await cut.json()).timeline.map(({ attrs }) => attrs.seq)).toEqual(range(380, 400));
  expect(cut.headers.get('x-rankscope-truncated')).toBe('newest 20 entries per runner');
});

test('what was recorded a moment ago is in the answer before it is in the store, and once when it is in both', async () => {
  const { writer, get, stored } = plane();
  record(writer, 100);
  await stored(100);
  record(writer, 50);
  const since = '2020-01-01T00:00:00Z';
  const answer = await get(`/v1/diagnostics/cluster/timeline?since=${since}&limit=1000`);
  expect(ClusterTimeline.parse(await answer.json()).timeline.map(({ attrs }) => attrs.seq)).toEqual(range(0, 150));
  const columns = await get(`/v1/diagnostics/cluster/timeline/columns?since=${since}&limit=1000`);
  expect([...decodeEntryBatch(new Uint8Array(await columns.arrayBuffer())).batch.columns.seq]).toEqual(range(0, 150));
});

test('a plane without a store answers from the recorders and says so', async () => {
  const { writer, get } = plane({ leads: false });
  record(writer, 5_000);
  const answer = await get(`/v1/diagnostics/cluster/timeline?taskId=${taskOf(3)}`);
  expect(ClusterTimeline.parse(await answer.json()).timeline).toEqual([]);
  expect(answer.headers.get('x-rankscope-truncated')).toBe('newest 1024 entries per runner');
  expect(answer.headers.get('x-rankscope-history')).toBe('recorders only, this plane keeps no entries');
  const words = await problemOf(await get('/v1/diagnostics/cluster/n/last-words'));
  expect([words.status, words.error.code]).toEqual([409, 'not_leader']);
});

for (const leads of [true, false]) {
  test(`the timeline as columns holds the same entries, ${leads ? 'from the store' : 'from the recorders'}`, async () => {
    const { writer, get, stored } = plane({ leads });
    record(writer, 700);
    if (leads) await stored(700);
    for (const query of ['', '?limit=30', `?commandId=${taskOf(2)}`]) {
      const told = await get(`/v1/diagnostics/cluster/timeline${query}`);
      const { timeline, runners } = ClusterTimeline.parse(await told.json());
      const answer = await get(`/v1/diagnostics/cluster/timeline/columns${query}`);
      const { batch, meta } = decodeEntryBatch(new Uint8Array(await answer.arrayBuffer()));
      expect(range(0, batch.rows).map((row) => entryAt(batch, row))).toEqual(timeline);
      const head = TimelineColumnsHead.parse(meta);
      expect(head.truncated).toBe(told.headers.get('x-rankscope-truncated') !== null);
      expect(head.runners.map(({ runnerId }) => runnerId)).toEqual(runners.map(({ runnerId }) => runnerId));
      expect(head.analysis.runners).toHaveLength(1);
      expect(batch.sources[0]).toEqual({
        ...ids,
        runnerId: 'r',
        deviceRank: 0,
        worldSize: 1,
        attempt: 1,
        recorder: '',
      });
    }
  });
}

test('the last words of a node are kept, and those of a node that nobody heard are not made up', async () => {
  const { writer, get, stored } = plane();
  record(writer, 10);
  await stored(10);
  const words = NodeDiagnostics.parse(await (await get('/v1/diagnostics/cluster/n/last-words?limit=3')).json());
  expect(words.supervisorRunners[0]?.flightRecorder.map(({ attrs }) => attrs.seq)).toEqual([7, 8, 9]);
  const unknown = await problemOf(await get('/v1/diagnostics/cluster/nobody/last-words'));
  expect([unknown.status, unknown.detail]).toEqual([404, 'Nothing was ever heard of node nobody; followed are n.']);
});

test('how far each node is followed stands in the analysis and in the metrics', async () => {
  const { writer, get, stored } = plane();
  record(writer, 10);
  await stored(10);
  const { history } = ClusterAnalysis.parse(await (await get('/v1/diagnostics/cluster/analysis')).json());
  expect(history).toMatchObject({ rows: 10, lostRows: 0, doubleRows: 0 });
  expect(history?.nodes).toMatchObject([{ nodeId: 'n', url: null, state: 'following', entries: 10, dropped: 0 }]);
  const metrics = await (await get('/metrics')).text();
  expect(metrics).toContain('rankscope_tail_entries_total{node="n"} 10');
  expect(metrics).toContain('rankscope_entry_store_rows{node="n"} 10');
});
