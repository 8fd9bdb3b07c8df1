import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntryBatch } from '@rankscope/schema';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { EntryQuery } from '../entry-store.ts';
import { packBatch, unpackBatch } from '../packed-batch.ts';
import { batchOf, beginUs, entriesOf, everything, recorder, type StoredEntry } from '../stored-entries.contract.ts';
import { commitAppends } from './commit-appends.ts';
import { checkpoint, dropHours, type OpenStore, openStore } from './open-store.ts';
import { runQuery } from './run-query.ts';
import { createModel } from './store-model.contract.ts';

const dir = mkdtempSync(join(tmpdir(), 'rankscope-store-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** The property runs so long at most; a slow machine tries less. */
const mostMs = 60_000 * Math.max(1, Number(process.env.RANKSCOPE_TEST_RUNS ?? 40) / 40);

/** So small that blocks and tables end in the middle of everything. */
const sizes = { blockRows: 16, hourRows: 64 };
const nowMs = beginUs / 1_000;

const openOnce = (path: string) => openStore(path, { nowMs, blockRows: sizes.blockRows });

function append({ database, book, appender }: OpenStore, batches: readonly EntryBatch[], cursor = 'c') {
  return commitAppends(
    batches.map((batch) => ({ nodeId: 'node-a', cursor, diagnostics: null, batch: unpackBatch(packBatch(batch)) })),
    { session: database.writer, book, appender, nowMs, hourRows: sizes.hourRows },
  );
}

async function ask({ database, book }: OpenStore, query: EntryQuery) {
  const { batch, truncated } = await runQuery(database.reader, book.committed, { query, check: () => undefined });
  return { batch: unpackBatch(batch), truncated };
}

const recorders = [
  recorder('runner-1'),
  recorder('runner-1', { recorder: 'supervisor' }),
  recorder('runner-2', { nodeId: 'node-b', instanceId: 'instance-2' }),
];
const word = fc.constantFrom(null, 'a', 'b');
const entries: fc.Arbitrary<StoredEntry> = fc.record({
  us: fc.nat(400),
  seq: fc.oneof({ weight: 4, arbitrary: fc.nat(120) }, { weight: 1, arbitrary: fc.constantFrom(2.5, 2 ** 60) }),
  phase: fc.constantFrom('decode_stream', 'idle'),
  detail: fc.oneof(word, fc.constant('all_sum 3, layer 1'), fc.string({ maxLength: 300 })),
  taskId: word,
  commandId: word,
  attrs: fc.constantFrom({}, { op: 'all_sum', group: 0, barrierSeq: 3, layer: 1 }, { bytes: 2 ** 40 }, { x: ['y'] }),
});
/** A recorder that is tailed: numbers one after another. */
const runs = fc
  .tuple(fc.nat(300), fc.integer({ min: 1, max: 60 }))
  .map(([from, count]) => Array.from({ length: count }, (_, i) => ({ seq: from + i, us: from + i })));
const uncounted = fc.array(
  fc.record({ us: fc.nat(20), detail: word }).map((one): StoredEntry => one),
  { maxLength: 20 },
);
/** What a batch is made of, because a batch that breaks the rule would be hard to read. */
type Parts = readonly (readonly [number, readonly StoredEntry[]])[];
const parts: fc.Arbitrary<Parts> = fc.array(
  fc.tuple(fc.nat(recorders.length - 1), fc.oneof(runs, uncounted, fc.array(entries, { maxLength: 30 }))),
  { maxLength: 4 },
);
const batchFrom = (made: Parts) =>
  batchOf(...made.map(([at, rows]) => [recorders[at] ?? recorder('runner-9'), rows] as const));
const time = fc.option(fc.nat(400).map((us) => beginUs + us));
const queries: fc.Arbitrary<EntryQuery> = fc.record({
  sinceUs: time,
  untilUs: time,
  nodeId: fc.constantFrom(null, null, 'node-b'),
  instanceId: fc.constantFrom(null, null, 'instance-1'),
  runnerIds: fc.constantFrom(null, null, ['runner-1', 'runner-2'], ['runner-2']),
  taskId: fc.constantFrom(null, null, 'a'),
  commandId: fc.constantFrom(null, null, 'b'),
  limitPerRunner: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(100_000)),
});
type Step =
  | { readonly kind: 'append'; readonly batches: readonly Parts[] }
  | { readonly kind: 'ask'; readonly query: EntryQuery }
  | { readonly kind: 'reopen' | 'checkpoint' | 'drop' };
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(parts, { minLength: 1, maxLength: 3 }).map((some): Step => ({ kind: 'append', batches: some })),
  },
  { weight: 5, arbitrary: queries.map((query): Step => ({ kind: 'ask', query })) },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ kind: 'reopen' }, { kind: 'checkpoint' }, { kind: 'drop' }) },
);

test(
  'whatever is appended, dropped and opened anew, the store answers as a plain list would',
  async () => {
    let runsDone = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 25 }), async (plan) => {
        runsDone += 1;
        const path = join(dir, `${runsDone}.duckdb`);
        let store = await openOnce(path);
        const model = createModel();
        try {
          for (const step of plan) {
            if (step.kind === 'append') {
              const batches = step.batches.map(batchFrom);
              const outcomes = await append(store, batches);
              expect(outcomes.map(({ doubles }) => doubles)).toEqual(batches.map(model.append));
            } else if (step.kind === 'ask') {
              const answer = await ask(store, step.query);
              model.compare(step.query, answer);
            } else if (step.kind === 'checkpoint') await checkpoint(store);
            else if (step.kind === 'drop') {
              const oldest = store.book.hours[0];
              if (oldest === undefined) continue;
              const before = entriesOf((await ask(store, everything)).batch);
              await dropHours(store, [oldest.id], nowMs);
              model.keepOnly(before, entriesOf((await ask(store, everything)).batch));
            } else {
              store.database.close();
              store = await openOnce(path);
              model.reopen();
              expect(store.notice).toBeNull();
            }
            expect(store.book.rows).toBe(model.rows());
          }
          model.compare(everything, await ask(store, everything));
        } finally {
          store.database.close();
          for (const end of ['', '.wal']) rmSync(`${path}${end}`, { force: true });
        }
      }),
      { numRuns: Number(process.env.RANKSCOPE_TEST_RUNS ?? 40), interruptAfterTimeLimit: mostMs },
    );
  },
  2 * mostMs,
);
