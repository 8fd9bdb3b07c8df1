import { createClock, createLog } from '@rankscope/daemon';
import { NodeDiagnostics, type NodeEntriesQuery } from '@rankscope/schema';
import { afterEach, expect, test, vi } from 'vitest';
import { type EntryStore, StoreFullError, type Tailed } from '../entries/entry-store.ts';
import { createMemoryEntryStore } from '../entries/memory-entry-store.ts';
import { batchOf, type FixtureRow, namesOf } from '../entries/rows.fixture.ts';
import { type FollowedNode, followNode } from './follow-node.ts';
import { createRunnerOwners } from './runner-owners.ts';
import type { TailAnswer, TailAsked, TailSource } from './tail-source.ts';

const following: FollowedNode[] = [];
afterEach(async () => {
  await Promise.all(following.splice(0).map((node) => node.close()));
});

const { runtime } = NodeDiagnostics.parse({
  generatedAt: '2026-11-22T02:41:07.412913Z',
  runtime: { nodeId: 'n', hostname: 'h', isMaster: false, cwd: '.' },
  resources: {},
});

function answer(rows: readonly FixtureRow[], cursor: string, more: Partial<TailAnswer['head']> = {}): TailAnswer {
  const generatedAt = '2026-11-22T02:41:07.412913Z';
  const head = {
    nodeId: 'n',
    bootId: null,
    generatedAt,
    cursor,
    more: false,
    dropped: [],
    runtime,
    runners: [],
    ...more,
  };
  return { kind: 'ok', batch: batchOf(rows), head };
}

/** A node that gives the answers of a list, one a question, and then waits until it is left. */
function node(answers: readonly (TailAsked | ((query: NodeEntriesQuery) => TailAsked))[]) {
  const asked: NodeEntriesQuery[] = [];
  const source: TailSource = async (query, signal) => {
    const next = answers[asked.length];
    asked.push(query);
    if (next !== undefined) return typeof next === 'function' ? next(query) : next;
    await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
    return { kind: 'failed', error: 'cancelled' };
  };
  return { asked, source };
}

function follow(source: TailSource, store: EntryStore, owners = createRunnerOwners()): FollowedNode {
  const log = createLog({ level: 'error', wallNs: () => 0n });
  const node = followNode({ nodeId: 'n', url: null, source, store, owners, clock: createClock(), log });
  following.push(node);
  return node;
}

const rows = (from: number, count: number, runnerId = 'r') =>
  Array.from({ length: count }, (_, i) => ({ runnerId, seq: from + i, atUs: from + i }));
const everything = {
  ...{ sinceUs: null, untilUs: null, nodeId: null, instanceId: null },
  ...{ runnerIds: null, taskId: null, commandId: null, limitPerRunner: 1_000 },
};

test('asks on from where the store is, and keeps what it is told', async () => {
  const store = createMemoryEntryStore();
  await store.append({ nodeId: 'n', batch: batchOf(rows(0, 3)), cursor: 'c3', diagnostics: null });
  const { asked, source } = node([
    answer(rows(3, 2), 'c5', { dropped: [{ runnerId: 'r', recorder: '', count: 7 }] }),
    answer(rows(5, 1), 'c6'),
  ]);
  const followed = follow(source, store);
  await vi.waitFor(() => expect(asked.map(({ after }) => after)).toEqual(['c3', 'c5', 'c6']));
  expect(namesOf((await store.query(everything)).batch)).toHaveLength(6);
  expect(followed.facts()).toMatchObject({ state: 'following', entries: 3, dropped: 7, answers: 2, error: null });
  expect((await store.lastWords('n', 1))?.runtime.hostname).toBe('h');
});

test('a node that answers as somebody else, or for the runners of others, is refused with a sentence and counted', async () => {
  const lies: readonly [TailAnswer, RegExp][] = [
    [answer([], 'c', { nodeId: 'x' }), /^it answers as node x, not as n$/],
    [answer([{ ...rows(0, 1)[0], runnerId: 'r', seq: 0, atUs: 0, nodeId: 'y' }], 'c'), /runner r of node y/],
    [answer(rows(0, 1, 'taken'), 'c'), /runner taken, which belongs to node z/],
    [answer([], 'c'.repeat(70_000)), /cursor has 70000 characters/],
  ];
  for (const [lie, sentence] of lies) {
    const store = createMemoryEntryStore();
    const owners = createRunnerOwners();
    owners.learn(['taken'], 'z');
    const followed = follow(node([lie]).source, store, owners);
    await vi.waitFor(() => expect(followed.facts()).toMatchObject({ state: 'refused', refused: 1, entries: 0 }));
    expect(followed.facts().error).toMatch(sentence);
    expect([(await store.facts()).rows, await store.cursorOf('n')]).toEqual([0, '']);
  }
});

test('a full store is asked again with the same entries, and nothing is left out', async () => {
  const kept = createMemoryEntryStore();
  let full = 2;
  const append = (tailed: Tailed) => {
    full -= 1;
    return full >= 0 ? Promise.reject(new StoreFullError('64 MiB wait to be written')) : kept.append(tailed);
  };
  const from = ({ after }: NodeEntriesQuery) => (after === '' ? answer(rows(0, 4), 'c4') : answer([], after));
  const { asked, source } = node([from, from, from]);
  const followed = follow(source, { ...kept, append });
  await vi.waitFor(() => expect(followed.facts().state).toBe('store full'));
  await vi.waitFor(() => expect(asked).toHaveLength(4), { timeout: 3_000 });
  expect(asked.map(({ after }) => after)).toEqual(['', '', '', 'c4']);
  expect(followed.facts()).toMatchObject({ state: 'following', entries: 4, storeFull: 2 });
});

test('a node that does not know its cursor is read from the beginning, and nothing is kept twice', async () => {
  const store = createMemoryEntryStore();
  await store.append({ nodeId: 'n', batch: batchOf(rows(0, 3)), cursor: 'of another version', diagnostics: null });
  const { asked, source } = node([{ kind: 'cursor refused', error: 'HTTP 422' }, answer(rows(0, 5), 'c5')]);
  const followed = follow(source, store);
  await vi.waitFor(() => expect(asked).toHaveLength(3), { timeout: 3_000 });
  expect(asked.map(({ after }) => after)).toEqual(['of another version', '', 'c5']);
  expect(followed.facts().rewound).toBe(1);
  expect(await store.facts()).toMatchObject({ rows: 5, doubleRows: 3 });
});

test('a node that moved is asked at its new place at once', async () => {
  const silent = node([]);
  const store = createMemoryEntryStore();
  const followed = follow(silent.source, store);
  await vi.waitFor(() => expect(silent.asked).toHaveLength(1));
  const there = node([answer(rows(0, 2), 'c2')]);
  followed.moveTo('http://127.0.0.1:2', there.source);
  await vi.waitFor(() => expect(there.asked).toHaveLength(2));
  expect(followed.facts()).toMatchObject({ url: 'http://127.0.0.1:2', state: 'following', entries: 2 });
});

test('a source that breaks is a silent node, not the end of following it', async () => {
  let times = 0;
  const source: TailSource = () => {
    times += 1;
    return times === 1 ? Promise.reject(new Error('the disk is gone')) : Promise.resolve(answer([], 'c'));
  };
  const followed = follow(source, createMemoryEntryStore());
  await vi.waitFor(() => expect(followed.facts()).toMatchObject({ state: 'silent', error: 'the disk is gone' }));
  await vi.waitFor(() => expect(followed.facts()).toMatchObject({ state: 'following', error: null }));
});
