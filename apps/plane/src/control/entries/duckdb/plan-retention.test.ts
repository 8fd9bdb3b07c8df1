import { expect, test } from 'vitest';
import { hourMs, isHourOver, maxHourRows, planRetention, type RetentionFacts } from './plan-retention.ts';

const retention = { bytes: 1_000_000, ms: 24 * hourMs };
/** Hours by the time they began, in hours. */
const facts = (begun: readonly number[], nowHours: number, more: Partial<RetentionFacts> = {}): RetentionFacts => ({
  hours: begun.map((began, id) => ({ id, beganMs: began * hourMs })),
  nowMs: nowHours * hourMs,
  usedBytes: 0,
  stretches: 0,
  ...more,
});

test('hours go when their last row may be too old, and not before', () => {
  expect(planRetention(facts([0, 1, 2.5], 24.9), retention)).toEqual([]);
  expect(planRetention(facts([0, 1, 2.5], 25), retention)).toEqual([0]);
  // The second ended when the clock's hour did, not when the third began.
  expect(planRetention(facts([0, 1, 2.5], 26), retention)).toEqual([0, 1]);
  expect(planRetention(facts([0, 1, 2.5], 27), retention)).toEqual([0, 1, 2]);
});

test('by size the oldest goes, one at a time, and a part of the limit stays free for the log', () => {
  expect(planRetention(facts([0, 1], 2, { usedBytes: 750_000 }), retention)).toEqual([]);
  expect(planRetention(facts([0, 1], 2, { usedBytes: 750_001 }), retention)).toEqual([0]);
  expect(planRetention(facts([], 2, { usedBytes: 750_001 }), retention)).toEqual([]);
});

test('the oldest goes when too much would have to be known of all', () => {
  expect(planRetention(facts([0, 1], 2, { stretches: 500_001 }), retention)).toEqual([0]);
});

test('a clock that was set back drops nothing, and tears no hole when it is set right', () => {
  expect(planRetention(facts([100, 101], 2), retention)).toEqual([]);
  expect(planRetention(facts([100, 2], 2.5), retention)).toEqual([]);
  expect(planRetention(facts([100, 2, 101], 101.5), retention)).toEqual([]);
  expect(planRetention(facts([100, 2, 110], 125), retention)).toEqual([0, 1]);
});

test('an hour is over with the clock, or when it has its rows', () => {
  const hour = { id: 1, beganMs: 5.5 * hourMs, rows: 90, openRows: 9 };
  expect(isHourOver(hour, 5.9 * hourMs, 100)).toBe(false);
  expect(isHourOver(hour, 6 * hourMs, 100)).toBe(true);
  expect(isHourOver({ ...hour, openRows: 10 }, 5.9 * hourMs, 100)).toBe(true);
  expect(maxHourRows({ bytes: 2 ** 31, ms: 1 })).toBe(4_194_304);
  expect(maxHourRows({ bytes: 64 * 2 ** 20, ms: 1 })).toBe(209_715);
});
