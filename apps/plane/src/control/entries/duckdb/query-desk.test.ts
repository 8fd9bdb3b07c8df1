import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packBatch, unpackBatch } from '../packed-batch.ts';
import { batchOf, recorder, run } from '../stored-entries.contract.ts';
import { commitAppends } from './commit-appends.ts';
import { checkpoint, type OpenStore, openStore } from './open-store.ts';
import { createQueryDesk, type QueryDesk } from './query-desk.ts';
import type { Session } from './session.ts';

let dir: string;
let store: OpenStore;
let desk: QueryDesk;
let paused: number;
const deadlineMs = 400;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-store-'));
  store = await openStore(join(dir, 'entries.duckdb'), { nowMs: 0 });
  paused = 0;
  const onPaused = () => {
    paused += 1;
  };
  desk = createQueryDesk({ session: store.database.reader, onPaused, deadlineMs });
});
afterEach(async () => {
  await desk.close();
  store.database.close();
  rmSync(dir, { recursive: true });
});

const one = async (session: Session) => Number((await session.rows('SELECT 1'))[0]);
/** Hours of work. */
const endless = async (session: Session) => {
  await session.run('SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range + b.range) = 1');
};
const append = (from: number, to: number) =>
  commitAppends(
    [
      {
        nodeId: 'n',
        cursor: 'c',
        diagnostics: null,
        batch: unpackBatch(packBatch(batchOf([recorder('r'), run(from, to)]))),
      },
    ],
    { session: store.database.writer, book: store.book, appender: store.appender, nowMs: 0, hourRows: 1_000 },
  );

test('a question that takes too long is ended with a word on what helps, and the next is answered', async () => {
  const started = performance.now();
  await expect(desk.ask(endless)).rejects.toMatchObject({
    kind: 'tooMuch',
    message: 'not answered in 400 ms: ask for a shorter time, fewer runners or fewer entries of each',
  });
  expect(performance.now() - started).toBeLessThan(deadlineMs * 10);
  expect(await desk.ask(one)).toBe(1);
});

test('a question of many statements is ended between them', async () => {
  const many = async (session: Session, check: () => void) => {
    for (;;) {
      await one(session);
      check();
    }
  };
  await expect(desk.ask(many)).rejects.toMatchObject({ kind: 'tooMuch' });
});

test('rows are written and moved into the tables while a question runs', async () => {
  await append(0, 0);
  // Ended by the test and not by its deadline, which a busy machine reaches before the rows are written.
  const patient = createQueryDesk({ session: store.database.reader, onPaused: () => undefined, deadlineMs: 60_000 });
  const asked = expect(patient.ask(endless)).rejects.toMatchObject({ kind: 'unavailable' });
  let ended = false;
  void asked.then(() => {
    ended = true;
  });
  for (let commits = 0; commits < 3; commits += 1) await append(commits * 10 + 1, commits * 10 + 10);
  await checkpoint(store);
  expect(ended).toBe(false);
  expect(store.book.rows).toBe(31);
  await patient.close();
  await asked;
});

test('a flood of questions is refused before it fills the memory', async () => {
  const asked = Array.from({ length: 60 }, () =>
    desk.ask(one).then(
      () => 'answered',
      (error: { kind: string }) => error.kind,
    ),
  );
  const outcomes = await Promise.all(asked);
  expect(outcomes.filter((outcome) => outcome === 'full')).toHaveLength(60 - 33);
  expect(outcomes.filter((outcome) => outcome === 'answered')).toHaveLength(33);
});

test('while it is paused no question begins, and it says when the last one has ended', async () => {
  const running = desk.ask(one);
  expect(desk.pause()).toBe(false);
  let answered = false;
  const waiting = desk.ask(one).then(() => {
    answered = true;
  });
  await running;
  await expect.poll(() => paused).toBe(1);
  expect(desk.pause()).toBe(true);
  expect(answered).toBe(false);
  desk.resume();
  await waiting;
});

test('closing ends the question that runs and refuses those that wait', async () => {
  const outcomes = [desk.ask(endless), desk.ask(one)].map((asked) =>
    asked.then(
      () => '',
      (error: Error) => error.message,
    ),
  );
  await desk.close();
  expect(await Promise.all(outcomes)).toEqual(['the store was closed', 'the store was closed']);
  await expect(desk.ask(one)).rejects.toMatchObject({ kind: 'unavailable' });
});
