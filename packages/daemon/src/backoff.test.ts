import { expect, test } from 'vitest';
import { createBackoff } from './backoff.ts';

test('doubles up to the ceiling, never less than half, and begins again after a success', () => {
  const most = createBackoff({ firstMs: 100, ceilingMs: 500, random: () => 1 });
  expect([most.nextMs(), most.nextMs(), most.nextMs(), most.nextMs(), most.nextMs()]).toEqual([
    100, 200, 400, 500, 500,
  ]);
  most.reset();
  expect(most.nextMs()).toBe(100);
  expect(createBackoff({ firstMs: 100, ceilingMs: 500, random: () => 0 }).nextMs()).toBe(50);
});
