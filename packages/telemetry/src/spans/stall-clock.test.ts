import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultSpanRules } from './span-rules.ts';
import { findDueStall } from './stall-clock.ts';

test('markers are due at 5, 10, 20, 40 and 80 seconds, and then once a minute', () => {
  const due = new Map<number, number>();
  for (let second = 0; second <= 300; second += 1) {
    const stall = findDueStall(second * 1000, defaultSpanRules);
    if (stall !== null) due.set(stall.count, stall.atMs / 1000);
  }
  expect([...due]).toEqual([
    [1, 5],
    [2, 10],
    [3, 20],
    [4, 40],
    [5, 80],
    [6, 140],
    [7, 200],
    [8, 260],
  ]);
});

test('a marker is never due before the phase is that old, and the next one not yet', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (ageMs) => {
      const due = findDueStall(ageMs, defaultSpanRules);
      if (due === null) return ageMs < 5_000;
      return due.atMs <= ageMs && ageMs < due.atMs + Math.min(due.atMs, 60_000);
    }),
  );
});
