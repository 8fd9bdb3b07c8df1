import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf, type FixtureRow, namesOf } from './rows.fixture.ts';
import { selectRows } from './select-rows.ts';

const all = {
  sinceUs: null,
  untilUs: null,
  nodeId: null,
  instanceId: null,
  runnerIds: null,
  taskId: null,
  commandId: null,
  limitPerRunner: 1_000,
};

const row: fc.Arbitrary<FixtureRow> = fc.record({
  runnerId: fc.constantFrom('r1', 'r2'),
  recorder: fc.constantFrom('', 'supervisor'),
  seq: fc.nat(30),
  atUs: fc.constant(0),
  taskId: fc.constantFrom(null, 't1', 't2'),
});
/** A number has one time, later than that of the number before it, and one task. */
const batches = fc
  .array(fc.array(row, { maxLength: 30 }), { maxLength: 4 })
  .map((many) =>
    many.map((rows) => rows.map((one) => ({ ...one, atUs: (one.seq ?? 0) * 10, taskId: `t${(one.seq ?? 0) % 3}` }))),
  );

test('each row that is asked for once, the newest of each runner, by recorder and number', () => {
  const query = fc.record({
    sinceUs: fc.option(fc.nat(300)),
    untilUs: fc.option(fc.nat(300)),
    taskId: fc.constantFrom(null, 't1', 'nobody'),
    runnerIds: fc.constantFrom(null, ['r1'], []),
    limitPerRunner: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(batches, query, (many, asked) => {
      const unique = new Map(many.flat().map((one) => [`${one.runnerId}/${one.recorder} ${one.seq}`, one]));
      const matching = [...unique].filter(
        ([, one]) =>
          one.atUs >= (asked.sinceUs ?? 0) &&
          one.atUs <= (asked.untilUs ?? Infinity) &&
          (asked.taskId === null || one.taskId === asked.taskId) &&
          (asked.runnerIds === null || asked.runnerIds.some((id) => id === one.runnerId)),
      );
      const { batch, truncated } = selectRows(many.map(batchOf), { ...all, ...asked });
      const names = namesOf(batch);
      let left = false;
      for (const runnerId of ['r1', 'r2']) {
        const own = matching.filter(([, one]) => one.runnerId === runnerId);
        const taken = names.filter((name) => name.startsWith(runnerId));
        expect(new Set(taken).size).toBe(taken.length);
        expect(taken.length).toBe(Math.min(own.length, asked.limitPerRunner));
        // Two recorders may share a time, so it is by the times that the newest are told.
        const times = (of: readonly string[]) => of.map((name) => unique.get(name)?.atUs ?? -1).sort((a, b) => b - a);
        expect(times(taken)).toEqual(times(own.map(([name]) => name)).slice(0, asked.limitPerRunner));
        left ||= own.length > asked.limitPerRunner;
      }
      expect(truncated).toBe(left);
      const numbered = names.map((name) => [name.split(' ')[0] ?? '', Number(name.split(' ')[1])] as const);
      expect(numbered).toEqual([...numbered].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1])));
    }),
  );
});

test('rows without a number are all kept, by time', () => {
  const foreign = (atUs: number) => ({ runnerId: 'f', seq: null, atUs });
  const { batch } = selectRows([batchOf([foreign(5), foreign(1)]), batchOf([foreign(3), foreign(3)])], all);
  expect([...batch.columns.atUs]).toEqual([1, 3, 3, 5]);
});

test('a node and an instance are asked for whole', () => {
  const rows = [
    { runnerId: 'r1', seq: 0, atUs: 1, nodeId: 'a' },
    { runnerId: 'r2', seq: 0, atUs: 1, nodeId: 'b' },
  ];
  expect(namesOf(selectRows([batchOf(rows)], { ...all, nodeId: 'b' }).batch)).toEqual(['r2/ 0']);
  expect(namesOf(selectRows([batchOf(rows)], { ...all, instanceId: 'i of a' }).batch)).toEqual(['r1/ 0']);
});
