import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EntryStore, StoreFullError } from './entry-store.ts';
import {
  batchOf,
  beginUs,
  entriesOf,
  everything,
  numbersOf,
  recorder,
  run,
  type StoredEntry,
  tailed,
  wordsOf,
} from './stored-entries.contract.ts';

export interface OpenedForTest {
  readonly retention: { readonly bytes: number; readonly ms: number };
  readonly wallNs: () => bigint;
}

export interface ContractOptions {
  /** More rows than may wait to be written; null for a store in which none wait. */
  readonly tooManyRows: number | null;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const first = recorder('runner-1');
const second = recorder('runner-2', { deviceRank: 1, nodeId: 'node-b' });

/** What every store of entries does. `open` gives an empty one; the suite closes it. */
export function describeEntryStore(
  name: string,
  open: (options: OpenedForTest) => EntryStore,
  { tooManyRows }: ContractOptions,
): void {
  describe(name, () => {
    let store: EntryStore;
    let nowMs: number;

    beforeEach(() => {
      nowMs = beginUs / 1_000;
      store = open({ retention: { bytes: 2 ** 30, ms: 7 * dayMs }, wallNs: () => BigInt(nowMs) * 1_000_000n });
    });
    afterEach(() => store.close());

    const keep = (source = first, entries: readonly StoredEntry[] = run(0, 9)) =>
      store.append(tailed(batchOf([source, entries])));
    const numbers = async (query = {}) => numbersOf((await store.query({ ...everything, ...query })).batch);

    test('a new store holds nothing and knows nobody', async () => {
      expect(await store.facts()).toMatchObject({ rows: 0, oldestUs: null, lostRows: 0, doubleRows: 0, problem: null });
      expect(await store.cursorOf('node-a')).toBe('');
      expect(await store.lastWords('node-a', 10)).toBeNull();
      expect(await store.query(everything)).toMatchObject({ batch: { rows: 0, sources: [] }, truncated: false });
    });

    test('an entry comes back field by field', async () => {
      const memory = {
        generatedAt: '2026-11-22T02:41:07.412913Z',
        active: { inBytes: 5_000_000_000 },
        cache: { inBytes: 0 },
        peak: null,
        wiredLimit: null,
        source: 'mlx.core',
      };
      const site = { group: 0, op: 'all_sum', barrierSeq: 413, layer: 12, bytes: 4096, dtype: 'float32', evalSeq: 9 };
      const entries: StoredEntry[] = [
        { seq: 0, us: 0, phase: 'connect_group', event: 'enter', detail: '' },
        { seq: 1, us: 1, detail: 'all_sum 413, layer 12', attrs: { ...site, cell: 1, monoNs: '9007199254740993123' } },
        { seq: 2, us: 2, detail: 'all_sum 414, layer 12', attrs: site },
        { seq: 3, us: 3, detail: null, attrs: { ...site, monoNs: '0' } },
        { seq: 4, us: 4, detail: 'recv 88 from rank 0', attrs: { group: 0, op: 'recv', barrierSeq: 88, waitingOn: 0 } },
        { seq: 5, us: 5, event: 'progress', attrs: { chunkIndex: 3, chunkTotal: 64, dropped: 7 } },
        { seq: 6, us: 6, taskId: 'task', commandId: 'command', attrs: { own: ['a', 'b'], flag: true, bytes: 0.5 } },
        { seq: 7, us: 7, mlxMemory: memory, detail: 'ein \u0000 langes ✓ '.repeat(50) },
        { seq: 8, us: 8, attrs: { barrierSeq: 2 ** 40, evalSeq: 2 ** 32 - 1, group: 0, op: 'send' } },
        { seq: 9, us: 9, detail: '😀x'.repeat(9_001), attrs: { long: '✓'.repeat(20_000) } },
        { seq: 2 ** 52, us: 253_402_300_799_000_000 - beginUs, phase: 'a phase of theirs', event: 'x' },
      ];
      await keep(first, entries);
      const { batch } = await store.query(everything);
      expect(entriesOf(batch)).toEqual(entriesOf(batchOf([first, entries])));
      expect(batch.sources).toEqual([first]);
    });

    test('rows stand by recorder, then by number, however they came', async () => {
      await keep(second, run(3, 5));
      await keep(first, run(2, 3));
      await keep(recorder('runner-1', { recorder: 'supervisor' }), [{ seq: 0, us: 25 }]);
      await keep(first, [
        { seq: 1, us: 11 },
        { seq: 0, us: 12 },
      ]);
      const found = await numbers();
      expect(found.filter((one) => one.startsWith('runner-1 '))).toEqual([0, 1, 2, 3].map((n) => `runner-1 ${n}`));
      const changes = found.filter((one, at) => one.split(' ')[0] !== found[at - 1]?.split(' ')[0]);
      expect(changes.map((one) => one.split(' ')[0]).toSorted()).toEqual([
        'runner-1',
        'runner-1/supervisor',
        'runner-2',
      ]);
    });

    test('a question may be about a time, both ends in, a node, an instance, runners, a task, a command', async () => {
      await keep(first, [
        { seq: 0, us: 0, taskId: 't1', commandId: 'c1' },
        { seq: 1, us: 10, taskId: 't1', commandId: 'c2' },
        { seq: 2, us: 20, taskId: 't2', commandId: 'c2' },
      ]);
      await keep(second, [{ seq: 7, us: 15, taskId: 't2', commandId: 'c1' }]);
      await keep(recorder('runner-3', { instanceId: 'instance-2' }), [{ seq: 9, us: 10 }]);
      expect(await numbers({ sinceUs: beginUs + 10, untilUs: beginUs + 15 })).toEqual([
        'runner-1 1',
        'runner-2 7',
        'runner-3 9',
      ]);
      expect(await numbers({ sinceUs: beginUs + 21 })).toEqual([]);
      expect(await numbers({ untilUs: beginUs - 1 })).toEqual([]);
      expect(await numbers({ nodeId: 'node-b' })).toEqual(['runner-2 7']);
      expect(await numbers({ instanceId: 'instance-2' })).toEqual(['runner-3 9']);
      expect(await numbers({ runnerIds: ['runner-3', 'runner-2', 'nobody'] })).toEqual(['runner-2 7', 'runner-3 9']);
      expect(await numbers({ runnerIds: [] })).toEqual([]);
      expect(await numbers({ taskId: 't1' })).toEqual(['runner-1 0', 'runner-1 1']);
      expect(await numbers({ commandId: 'c2' })).toEqual(['runner-1 1', 'runner-1 2']);
      expect(await numbers({ taskId: 't2', commandId: 'c2' })).toEqual(['runner-1 2']);
      expect(await numbers({ taskId: "t1' OR 1=1 --" })).toEqual([]);
    });

    test('of each runner the newest come, over both of its recorders, and it is said when there are more', async () => {
      await keep(first, run(0, 9));
      await keep(recorder('runner-1', { recorder: 'supervisor' }), [{ seq: 0, us: 85 }]);
      await keep(second, run(0, 1));
      const three = await store.query({ ...everything, limitPerRunner: 3 });
      expect(numbersOf(three.batch).toSorted()).toEqual([
        'runner-1 8',
        'runner-1 9',
        'runner-1/supervisor 0',
        'runner-2 0',
        'runner-2 1',
      ]);
      expect(three.truncated).toBe(true);
      expect((await store.query({ ...everything, limitPerRunner: 11 })).truncated).toBe(false);
      const within = { ...everything, untilUs: beginUs + 20 };
      expect((await store.query({ ...within, limitPerRunner: 3 })).truncated).toBe(false);
      expect((await store.query({ ...within, limitPerRunner: 2 })).truncated).toBe(true);
      expect(await numbers({ untilUs: beginUs + 20, limitPerRunner: 1 })).toEqual(['runner-1 2', 'runner-2 1']);
    });

    test('a row that is held is not kept again, whoever brings it and in whatever order', async () => {
      await keep(first, run(5, 9));
      await keep(first, run(0, 7));
      await keep(first, [
        { seq: 20, us: 1 },
        { seq: 12, us: 2 },
        { seq: 20, us: 3 },
      ]);
      await keep(first, run(12, 12));
      await keep(recorder('runner-1', { recorder: 'supervisor' }), run(0, 1));
      expect(await numbers({ runnerIds: ['runner-1'] })).toEqual([
        ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 20].map((n) => `runner-1 ${n}`),
        'runner-1/supervisor 0',
        'runner-1/supervisor 1',
      ]);
      expect(await store.facts()).toMatchObject({ rows: 14, doubleRows: 5 });
    });

    test('a row that nobody numbered is held when one is equal to it in everything', async () => {
      const foreign: StoredEntry[] = [
        { us: 1, detail: 'one', attrs: { host: 'a' } },
        { us: 1, detail: 'one', attrs: { host: 'b' } },
        { us: 2, detail: 'one', attrs: { host: 'a' } },
      ];
      await keep(first, foreign);
      await keep(first, [...foreign, { us: 2, detail: 'two', attrs: { host: 'a' } }]);
      await keep(second, foreign.slice(0, 1));
      expect(await numbers({ nodeId: 'node-a' })).toHaveLength(4);
      expect(await store.facts()).toMatchObject({ rows: 5, doubleRows: 3 });
    });

    test('where to go on and the last words are kept with the rows, for each node', async () => {
      const append = (nodeId: string, cursor: string, status: string | null) => {
        const diagnostics = status === null ? null : wordsOf(nodeId, ['runner-1'], status);
        return store.append(tailed(batchOf([first, []]), { nodeId, cursor, diagnostics }));
      };
      await append('node-a', 'a1', 'RunnerLoading');
      await append('node-b', 'b1', null);
      await append('node-a', 'a2', 'RunnerReady');
      await append('node-a', 'a3', null);
      expect(await store.cursorOf('node-a')).toBe('a3');
      expect(await store.cursorOf('node-b')).toBe('b1');
      expect((await store.lastWords('node-a', 5))?.supervisorRunners[0]?.statusKind).toBe('RunnerReady');
      expect(await store.lastWords('node-b', 5)).toBeNull();
    });

    test('last words bring the newest entries of each runner, by time', async () => {
      const other = recorder('runner-2', { deviceRank: 1 });
      const supervisor = recorder('runner-1', { recorder: 'supervisor' });
      await store.append(
        tailed(batchOf([first, run(0, 9)], [supervisor, [{ seq: 0, us: 85 }]], [other, run(0, 1)]), {
          diagnostics: wordsOf('node-a', ['runner-1', 'runner-2', 'runner-3']),
        }),
      );
      await keep(recorder('runner-2', { nodeId: 'node-b', recorder: 'x' }), run(0, 3));
      const seqs = async (limit: number) =>
        (await store.lastWords('node-a', limit))?.supervisorRunners.map(({ flightRecorder }) =>
          flightRecorder.map(({ attrs }) => attrs.seq),
        );
      expect(await seqs(3)).toEqual([[8, 0, 9], [0, 1], []]);
      expect(await seqs(0)).toEqual([[], [], []]);
    });

    test("a batch is its owner's also while it is written", async () => {
      const batch = batchOf([first, run(0, 99)]);
      const before = entriesOf(batch);
      const written = store.append(tailed(batch));
      expect(entriesOf(batch)).toEqual(before);
      await written;
      expect(entriesOf(batch)).toEqual(before);
    });

    test('appends at once are all kept, and the last cursor counts', async () => {
      const appends = Array.from({ length: 60 }, (_, at) =>
        store.append(tailed(batchOf([first, run(at * 10, at * 10 + 9)]), { cursor: `c${at}` })),
      );
      await Promise.all(appends);
      expect(await numbers()).toEqual(Array.from({ length: 600 }, (_, n) => `runner-1 ${n}`));
      expect(await store.cursorOf('node-a')).toBe('c59');
    });

    test.skipIf(tooManyRows === null)(
      'when too much waits to be written, rows are refused and counted, and the next ones are kept',
      async () => {
        const rows = 2_000;
        const appends = Array.from({ length: Math.ceil((tooManyRows ?? 0) / rows) + 1 }, (_, at) =>
          store.append(tailed(batchOf([first, run(at * rows, at * rows + rows - 1)]), { cursor: `c${at}` })).then(
            () => null,
            (error: unknown) => error,
          ),
        );
        const refused = (await Promise.all(appends)).filter((error) => error !== null);
        expect(refused.length).toBeGreaterThan(0);
        for (const error of refused) expect(error).toBeInstanceOf(StoreFullError);
        const kept = (appends.length - refused.length) * rows;
        expect(await store.facts()).toMatchObject({ rows: kept, lostRows: refused.length * rows, doubleRows: 0 });
        await keep(second, run(0, 4));
        expect(await numbers({ runnerIds: ['runner-2'] })).toHaveLength(5);
      },
    );

    test('rows go when they are too old, and their recorders with them', async () => {
      await keep(first, run(0, 9));
      nowMs += 8 * dayMs;
      await keep(second, run(0, 1));
      await expect.poll(() => numbers(), { timeout: 10_000 }).toEqual(['runner-2 0', 'runner-2 1']);
      expect(await store.facts()).toMatchObject({ rows: 2, lostRows: 0 });
      await keep(first, run(20, 20));
      expect(await numbers()).toEqual(['runner-1 20', 'runner-2 0', 'runner-2 1']);
    });

    test('closing keeps what was appended and answers nothing afterwards', async () => {
      const written = keep(first, run(0, 4));
      await Promise.all([written, store.close()]);
      await store.close();
      await expect(keep(first, run(5, 5))).rejects.toThrow(/closed/);
      await expect(store.query(everything)).rejects.toThrow(/closed/);
    });
  });
}
