import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ClockReading, estimateClock } from './estimate-clock.ts';

const ms = 1_000;
/** A node whose clock is `offsetUs` ahead, asked at `askedUs`; it looked at its clock after `there`, and said so after `back`. */
const reading = (askedUs: number, offsetUs: number, there: number, back: number): ClockReading => ({
  askedUs,
  answeredUs: askedUs + there + back,
  saidUs: askedUs + there + offsetUs,
});

test('a round trip bounds the offset by half its time to either side', () => {
  const estimate = estimateClock([reading(0, 5_000 * ms, 2 * ms, 2 * ms)], 4 * ms);
  expect(estimate).toEqual({ offsetSeconds: 5, uncertaintySeconds: 0.002 });
});

test('the true offset is always inside, however unequal the ways were', () => {
  const way = fc.integer({ min: 0, max: 900 * ms });
  const trips = fc.array(fc.tuple(fc.integer({ min: 0, max: 3_600_000 * ms }), way, way), { minLength: 1 });
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), trips, (offsetUs, all) => {
      const readings = all.map(([askedUs, there, back]) => reading(askedUs, offsetUs, there, back));
      const nowUs = Math.max(...readings.map(({ answeredUs }) => answeredUs));
      const { offsetSeconds = Number.NaN, uncertaintySeconds = 0 } = estimateClock(readings, nowUs) ?? {};
      expect(Math.abs(offsetSeconds - offsetUs / 1e6)).toBeLessThanOrEqual(uncertaintySeconds + 1e-9);
    }),
  );
});

test('a quick answer of a moment ago narrows a slow one of now, and less so as it ages', () => {
  const quick = reading(0, 0, ms, ms);
  const slow = reading(10 * ms, 0, 300 * ms, 300 * ms);
  const soon = estimateClock([quick, slow], slow.answeredUs);
  expect(soon?.uncertaintySeconds).toBeLessThan(0.002);
  const later = estimateClock([quick, reading(100_000 * ms, 0, 300 * ms, 300 * ms)], 100_600 * ms);
  expect(later?.uncertaintySeconds).toBeGreaterThan(0.1);
  expect(later?.uncertaintySeconds).toBeLessThan(0.3);
});

test('after a clock was set only what came since counts', () => {
  const readings = [reading(0, 0, ms, ms), reading(1_000 * ms, 3_600_000 * ms, 5 * ms, 5 * ms)];
  expect(estimateClock(readings, 1_010 * ms)).toEqual({ offsetSeconds: 3600, uncertaintySeconds: 0.005 });
});

test('without a reading nothing is claimed', () => {
  expect(estimateClock([], 0)).toBeNull();
});
