import { expect, test } from 'vitest';
import { planPauseMs } from './plan-pause.ts';

const kept = (rows: number, more: boolean, tookMs: number) => planPauseMs({ kind: 'kept', rows, more, tookMs });

test('a node is asked every 200 ms, at once when it has more, and never without a pause for nothing', () => {
  expect(kept(400, false, 30)).toBe(170);
  expect(kept(1, false, 2_000)).toBe(0);
  expect(kept(16_384, true, 30)).toBe(0);
  expect(kept(0, true, 1)).toBe(199);
});

test('a silent node is asked less and less often, but at least every five seconds', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 1_000].map((times) => planPauseMs({ kind: 'failed', times }));
  expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
  expect(planPauseMs({ kind: 'refused' })).toBe(5_000);
});
