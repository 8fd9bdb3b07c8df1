import { expect, test } from 'vitest';
import { batchOf } from '../entries/rows.fixture.ts';
import { EntryAges } from './entry-ages.ts';

const aged = (agesMs: readonly number[]) =>
  batchOf(agesMs.map((ms, seq) => ({ runnerId: 'r', seq, atUs: 10_000_000 - ms * 1_000 })));

test('half and ninety-nine in a hundred, to within a step', () => {
  const ages = new EntryAges(() => 0);
  expect(ages.summary()).toBeNull();
  ages.add(aged(Array.from({ length: 100 }, (_, n) => n * 2)), 10_000_000);
  expect(ages.summary()).toEqual({ p50: 100, p99: 200, max: 198 });
  ages.add(aged(Array.from({ length: 900 }, () => 2_450)), 10_000_000);
  expect(ages.summary()).toEqual({ p50: 2_500, p99: 2_500, max: 2_450 });
});

test('what is older than two minutes no longer counts, nor does a clock that is ahead break it', () => {
  let nowMs = 0;
  const ages = new EntryAges(() => nowMs);
  ages.add(aged([5_000]), 10_000_000);
  nowMs = 70_000;
  ages.add(aged([-50]), 10_000_000);
  expect(ages.summary()?.max).toBe(5_000);
  nowMs = 140_000;
  expect(ages.summary()).toEqual({ p50: 10, p99: 10, max: 0 });
  nowMs = 400_000;
  expect(ages.summary()).toBeNull();
});
