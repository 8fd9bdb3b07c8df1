import { FlightEntry, NodeDiagnostics, type TimelineChange, TimelineQuery } from '@rankscope/schema';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClockBook } from './clock-book.ts';
import type { Cluster } from './gather.ts';
import { createTimelineFeed, type FedChange, type TimelineFeed } from './timeline-feed.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const at = '2026-11-22T02:41:07.412913Z';

/** A cluster of one node with one rank, whose recorder the test fills. */
function oneRank() {
  const entries: FlightEntry[] = [];
  let asked = 0;
  const record = () =>
    entries.push(FlightEntry.parse({ at, phase: 'idle', event: 'enter', attrs: { seq: entries.length } }));
  const cluster: Cluster = {
    localNodeId: 'n',
    masterNodeId: 'n',
    peers: () => [],
    subscribe: () => () => undefined,
    lastGather: { seconds: null, reachable: new Map() },
    clocks: createClockBook(() => 0n),
    local: () => {
      asked += 1;
      return { kind: 'ok', nodeId: 'n', url: null, roundTripMs: null, diagnostics: diagnostics([...entries]) };
    },
    heard: () => [],
    peer: () => Promise.reject(new Error('there is none')),
    gather: () => Promise.resolve([]),
  };
  return { cluster, record, asked: () => asked };
}

function diagnostics(flightRecorder: FlightEntry[]): NodeDiagnostics {
  const ids = { runnerId: 'r', instanceId: 'i', nodeId: 'n', modelId: 'm', deviceRank: 0, worldSize: 1 };
  const layers = { startLayer: 0, endLayer: 1, nLayers: 1 };
  const state = {
    processAlive: true,
    statusKind: 'RunnerReady',
    statusSince: at,
    secondsInStatus: 1,
    phase: 'idle',
    phaseStartedAt: at,
    secondsInPhase: 1,
  };
  return NodeDiagnostics.parse({
    generatedAt: at,
    runtime: { nodeId: 'n', hostname: 'h', isMaster: true, cwd: '.' },
    resources: {},
    supervisorRunners: [{ ...ids, ...layers, ...state, flightRecorder }],
  });
}

async function nextFed(changes: AsyncGenerator<FedChange>, withinMs = 1_200): Promise<FedChange> {
  const wanted = changes.next();
  await vi.advanceTimersByTimeAsync(withinMs);
  const { value } = await wanted;
  return value as FedChange;
}

const next = async (changes: AsyncGenerator<FedChange>, withinMs?: number) => (await nextFed(changes, withinMs)).change;

const watch = (feed: TimelineFeed, more: { lastEventId?: string; signal?: AbortSignal } = {}) =>
  feed.watch({ query: TimelineQuery.parse({}), signal: new AbortController().signal, ...more });

const seqsOf = (change: TimelineChange) =>
  (change.kind === 'snapshot' ? change.timeline.timeline : change.entries).map(({ attrs }) => attrs.seq);

test('everything first, then only what is new, and nothing twice', async () => {
  const { cluster, record } = oneRank();
  const feed = createTimelineFeed({ cluster, wallNs: () => BigInt(Date.now()) * 1_000_000n });
  const gone = new AbortController();
  record();
  record();
  const changes = watch(feed, { signal: gone.signal });
  const first = await next(changes, 0);
  expect([first.kind, seqsOf(first)]).toEqual(['snapshot', [0, 1]]);
  record();
  const second = await next(changes, 250);
  expect([second.kind, seqsOf(second)]).toEqual(['delta', [2]]);
  const third = await next(changes);
  expect([third.kind, seqsOf(third)], 'a quiet cluster still says that it is there').toEqual(['delta', []]);
  gone.abort();
  expect((await changes.next()).done).toBe(true);
});

test('a watcher that does not keep up gets a snapshot instead of a backlog', async () => {
  const { cluster, record } = oneRank();
  const feed = createTimelineFeed({ cluster, wallNs: () => BigInt(Date.now()) * 1_000_000n });
  const changes = watch(feed);
  expect((await next(changes)).kind).toBe('snapshot');
  for (let i = 0; i < 60; i += 1) {
    record();
    await vi.advanceTimersByTimeAsync(200);
  }
  const caughtUp = await next(changes);
  expect(caughtUp.kind).toBe('snapshot');
  expect(seqsOf(caughtUp)).toHaveLength(60);
  await changes.return(undefined);
});

test('nobody watches, nobody is asked', async () => {
  const { cluster, asked } = oneRank();
  const feed = createTimelineFeed({ cluster, wallNs: () => BigInt(Date.now()) * 1_000_000n });
  const watchers = [0, 1].map(() => watch(feed));
  for (const watcher of watchers) await next(watcher);
  const whileTwo = asked();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(asked() - whileTwo, 'two watchers share one poller').toBeLessThanOrEqual(11);
  for (const watcher of watchers) await watcher.return(undefined);
  await vi.advanceTimersByTimeAsync(11_000);
  const afterwards = asked();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked(), 'a while after the last has left').toBe(afterwards);
});

test('whoever comes back in time is given exactly what was missed', async () => {
  const { cluster, record } = oneRank();
  const feed = createTimelineFeed({ cluster, wallNs: () => BigInt(Date.now()) * 1_000_000n });
  const first = watch(feed);
  record();
  await nextFed(first, 0);
  record();
  const { id: lastEventId, change } = await nextFed(first, 250);
  expect(seqsOf(change)).toEqual([1]);
  await first.return(undefined);
  for (let i = 0; i < 20; i += 1) {
    record();
    await vi.advanceTimersByTimeAsync(200);
  }
  const again = watch(feed, { lastEventId });
  const missed: TimelineChange[] = [];
  while (missed.flatMap(seqsOf).length < 20) missed.push(await next(again, 250));
  expect(missed.map(({ kind }) => kind)).not.toContain('snapshot');
  expect(missed.flatMap(seqsOf)).toEqual(Array.from({ length: 20 }, (_, n) => n + 2));
  await again.return(undefined);
});

test('whoever comes back too late, or from another plane, is given a snapshot', async () => {
  const { cluster, record } = oneRank();
  const feed = createTimelineFeed({ cluster, wallNs: () => BigInt(Date.now()) * 1_000_000n });
  const first = watch(feed);
  record();
  const { id } = await nextFed(first);
  const kindAfter = async (lastEventId: string) => {
    const watcher = watch(feed, { lastEventId });
    const { kind } = await next(watcher);
    await watcher.return(undefined);
    return kind;
  };
  expect(await kindAfter(id), 'while the other still watches').toBe('delta');
  for (const foreign of ['', '1', 'abc.1', `${id}9`, `${id}x`, `${id.slice(0, -1)}-1`])
    expect([foreign, await kindAfter(foreign)]).toEqual([foreign, 'snapshot']);
  for (let i = 0; i < 60; i += 1) {
    record();
    await vi.advanceTimersByTimeAsync(200);
  }
  expect(await kindAfter(id), 'more has changed than is kept').toBe('snapshot');
  const { id: late } = await nextFed(first);
  await first.return(undefined);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(await kindAfter(late), 'nobody was there any more').toBe('snapshot');
});
