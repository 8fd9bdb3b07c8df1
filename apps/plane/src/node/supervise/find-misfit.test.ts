import { expect, test } from 'vitest';
import { findMisfit } from './find-misfit.ts';

const tiny = { layers: 4, heads: 8, kvHeads: 4, feedForward: 448 };

test('a pipeline has a layer for every rank', () => {
  expect(findMisfit(tiny, 'pipeline', 4)).toBeNull();
  expect(findMisfit(tiny, 'pipeline', 5)).toBe(
    '--ranks 5 --plan pipeline needs a layer for every rank, and this model has 4: take --ranks 4 or fewer.',
  );
});

test('a tensor plan divides heads, kv heads and the feed-forward layer', () => {
  for (const ranks of [1, 2, 4]) expect(findMisfit(tiny, 'tensor', ranks)).toBeNull();
  expect(findMisfit(tiny, 'tensor', 3)).toBe(
    '--ranks 3 --plan tensor cuts every layer evenly, and this model does not divide by 3 (attention heads 8, kv heads 4, intermediate size 448): take --ranks 1, 2 or 4, or --plan pipeline.',
  );
  expect(findMisfit(tiny, 'tensor', 8), 'no pipeline of eight either').toMatch(
    /\(kv heads 4\): take --ranks 1, 2 or 4\.$/,
  );
});

test('what a file does not say is left to the engine', () => {
  const unknown = { layers: null, heads: null, kvHeads: null, feedForward: null };
  for (const plan of ['single', 'pipeline', 'tensor'] as const) expect(findMisfit(unknown, plan, 7)).toBeNull();
});
