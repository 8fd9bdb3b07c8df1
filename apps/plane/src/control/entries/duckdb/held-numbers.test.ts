import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeldNumbers } from './held-numbers.ts';
import type { Stretch } from './stretch.ts';

const stretch = (firstSeq: number, lastSeq: number, rows = lastSeq - firstSeq + 1): Stretch => ({
  hour: 1,
  source: 0,
  firstSeq,
  lastSeq,
  rows,
  minUs: 0,
  maxUs: 0,
});

test('intervals without holes hold exactly their numbers, in whatever order they come', () => {
  const intervals = fc.array(fc.tuple(fc.nat(60), fc.nat(8)).map(([first, more]) => [first, first + more] as const));
  fc.assert(
    fc.property(intervals, (all) => {
      const held = new HeldNumbers();
      for (const [first, last] of all) held.add(stretch(first, last));
      for (let seq = 0; seq <= 70; seq += 1)
        expect(held.look(seq), `${seq}`).toBe(all.some(([a, b]) => seq >= a && seq <= b) ? 'held' : 'free');
    }),
  );
});

test('between the ends of a block with holes only its table can tell', () => {
  const held = new HeldNumbers();
  held.add(stretch(0, 9));
  held.add({ ...stretch(5, 20, 4), hour: 7 });
  held.add({ ...stretch(15, 30, 2), hour: 8 });
  expect([4, 9, 10, 20, 25, 30, 31].map((seq) => held.look(seq))).toEqual([
    'held',
    'held',
    'ask',
    'ask',
    'ask',
    'ask',
    'free',
  ]);
  expect(held.hoursOf(10)).toEqual([7]);
  expect(held.hoursOf(18)).toEqual([7, 8]);
});

test('rows that nobody numbered hold no number', () => {
  const held = new HeldNumbers();
  held.add({ ...stretch(-1, -1, 5) });
  expect(held.look(0)).toBe('free');
});
