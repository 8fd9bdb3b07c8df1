import fc from 'fast-check';
import { expect, test } from 'vitest';
import { everything, recorder } from '../stored-entries.contract.ts';
import { fairLimit, newestFrom, planQuery } from './plan-query.ts';
import { SourceBook } from './source-book.ts';
import type { Stretch } from './stretch.ts';

const stretch = (source: number, hour: number, times: readonly [number, number], rows: number): Stretch => ({
  hour,
  source,
  firstSeq: 0,
  lastSeq: rows - 1,
  rows,
  minUs: times[0],
  maxUs: times[1],
});
const sources = new SourceBook(
  new Map([
    [0, recorder('runner-1')],
    [1, recorder('runner-1', { recorder: 'supervisor' })],
    [2, recorder('runner-2', { nodeId: 'node-b' })],
  ]),
);
const limits = { maxRows: 1_000 };
const hoursOf = (stretches: readonly Stretch[], query: Partial<typeof everything>) =>
  [...(planQuery({ stretches, sources }, { ...everything, ...query }, limits)?.hours ?? [])].map(
    ([hour, wanted]) => `${hour}: ${wanted.map(({ source, fromUs }) => `${source}≥${fromUs}`).join(' ')}`,
  );

test('of a runner that writes on only the newest tables are read, of one that fell silent its last', () => {
  const stretches = [
    stretch(0, 1, [0, 99], 50),
    stretch(2, 1, [0, 99], 50),
    stretch(0, 2, [100, 199], 50),
    stretch(0, 3, [200, 299], 50),
  ];
  expect(hoursOf(stretches, { limitPerRunner: 10 })).toEqual(['3: 0≥200', '1: 2≥0']);
  expect(hoursOf(stretches, { limitPerRunner: 50 })).toEqual(['3: 0≥100', '2: 0≥100', '1: 2≥0']);
});

test('tables outside of the time asked for are not read', () => {
  const stretches = [stretch(0, 1, [0, 99], 50), stretch(0, 2, [100, 199], 50), stretch(0, 3, [200, 299], 50)];
  expect(hoursOf(stretches, { sinceUs: 120, untilUs: 180 })).toEqual(['2: 0≥120']);
  expect(hoursOf(stretches, { sinceUs: 300 })).toEqual([]);
});

test('a task may be anywhere in the time asked for', () => {
  const stretches = [stretch(0, 1, [0, 99], 50), stretch(0, 2, [100, 199], 50)];
  expect(hoursOf(stretches, { limitPerRunner: 1, taskId: 't' })).toEqual(['2: 0≥0', '1: 0≥0']);
});

test('the newest are counted over both recorders of a runner', () => {
  const stretches = [stretch(0, 1, [0, 99], 50), stretch(1, 2, [100, 199], 1)];
  expect(hoursOf(stretches, { limitPerRunner: 1 })).toEqual(['2: 1≥0', '1: 0≥0']);
});

test('nothing is planned for runners that nobody knows', () => {
  expect(planQuery({ stretches: [], sources }, everything, limits)).toBeNull();
  const stretches = [stretch(0, 1, [0, 99], 50)];
  expect(hoursOf(stretches, { nodeId: 'node-b' })).toEqual([]);
  expect(hoursOf(stretches, { limitPerRunner: 0 })).toEqual([]);
});

test('from the time that is found on there are as many rows as were asked for, if there are', () => {
  const one = fc
    .tuple(fc.nat(50), fc.nat(20), fc.integer({ min: 1, max: 10 }))
    .map(([at, length, rows]) => stretch(0, 1, [at, at + length], rows));
  fc.assert(
    fc.property(fc.array(one), fc.integer({ min: 1, max: 30 }), fc.nat(30), fc.nat(40), (all, rows, sinceUs, more) => {
      const untilUs = sinceUs + more;
      const fromUs = newestFrom(all, { sinceUs, untilUs, rows });
      expect(fromUs).toBeGreaterThanOrEqual(sinceUs);
      // At worst all rows of a stretch lie at its older end.
      const sure = all.filter(({ minUs, maxUs }) => minUs >= fromUs && maxUs <= untilUs);
      if (fromUs > sinceUs)
        expect(sure.reduce((sum, stretched) => sum + stretched.rows, 0)).toBeGreaterThanOrEqual(rows);
    }),
  );
});

test('the limit is the highest at which all rows fit, and nobody has to give for another', () => {
  expect(fairLimit([10, 10, 10], 100, 1_000)).toBe(100);
  expect(fairLimit([10, 500, 500], 1_000, 610)).toBe(300);
  expect(fairLimit([500, 500], 20, 610)).toBe(20);
  fc.assert(
    fc.property(
      fc.array(fc.nat(100), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 20, max: 500 }),
      (all, most) => {
        const limit = fairLimit(all, 1_000, most);
        const taken = (to: number) => all.reduce((sum, total) => sum + Math.min(total, to), 0);
        expect(taken(limit)).toBeLessThanOrEqual(most);
        if (limit < 1_000) expect(taken(limit + 1)).toBeGreaterThan(most);
      },
    ),
  );
});
