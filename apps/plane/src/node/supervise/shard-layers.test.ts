import { expect, test } from 'vitest';
import { shardLayers } from './shard-layers.ts';

test('a pipeline holds every layer once, in rank order', () => {
  for (const [ranks, layers] of [
    [2, 30],
    [3, 30],
    [4, 30],
    [7, 30],
    [3, 2],
  ] as const) {
    const shares = Array.from({ length: ranks }, (_, rank) => shardLayers('pipeline', rank, ranks, layers));
    const held = shares.flatMap(({ startLayer, endLayer }) =>
      Array.from({ length: endLayer - startLayer }, (_, i) => startLayer + i),
    );
    expect(held).toEqual(Array.from({ length: layers }, (_, i) => i));
  }
});

test('in a tensor plan every rank holds a part of every layer', () => {
  expect(shardLayers('tensor', 1, 2, 30)).toEqual({ startLayer: 0, endLayer: 30, nLayers: 30 });
});
