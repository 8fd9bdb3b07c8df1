import { expect, test } from 'vitest';
import { drawnLanes } from './drawn-lanes.ts';
import { createInstantReader } from './instant.ts';
import { lanes } from './lanes.ts';
import { describePosition, formatSeconds, rankPositions } from './rank-positions.ts';

function sentences(text: string, laterSeconds = 0): string[] {
  const timeline = drawnLanes(text);
  const nowUs = createInstantReader()(timeline.generatedAt) + laterSeconds * 1e6;
  return rankPositions(lanes(timeline), nowUs, null).map((p) => `rank ${p.deviceRank} ${describePosition(p)}`);
}

test('who is inside, since when, and who has not come', () => {
  const text = `
    rank 0  DdDDDD  decode_barrier  4.0 s  in all_sum 413
    rank 1  Dddddd  decode_stream   5.0 s  left 412
    rank 2  DdXXXX  ended           4.0 s  left 412`;
  expect(sentences(text, 4.1)).toEqual([
    'rank 0 inside all_sum 413 for 4.1 s',
    'rank 1 left 412, has not entered 413',
    'rank 2 ended: left 412, never entered 413',
  ]);
});

test('a rank that waits for one other rank says for whom', () => {
  expect(sentences('rank 0  pppp  prefill_pipeline  4.0 s  in recv 17 from rank 1', 2)).toEqual([
    'rank 0 inside recv 17 from rank 1 for 2.0 s',
  ]);
});

test('a rank that others wait for by name, and one that stands a collective behind', () => {
  const chain = `
    rank 0  pppp  prefill_pipeline  4.0 s  in recv 17 from rank 1
    rank 1  pppp  prefill_pipeline  4.0 s  left 3`;
  expect(sentences(chain)[1]).toBe('rank 1 left 3, is awaited by rank 0');
  const behind = `
    rank 0  DDDD  decode_barrier  4.0 s  in all_sum 11
    rank 1  DDDD  decode_barrier  4.0 s  in all_sum 10`;
  expect(sentences(behind)[1]).toBe('rank 1 inside all_sum 10 for 0.0 s; others are inside 11');
});

test('where every phase counts for itself the numbers are told with their phase', () => {
  const text = `
    rank 0  DDDD  decode_barrier  4.0 s  in collective 3
    rank 1  ffff  prefill_stream  4.0 s  left 19`;
  expect(sentences(text)[1]).toBe('rank 1 left 19 of prefill_stream, has not entered 3 of decode_barrier');
});

test('seconds are as short as they can be read', () => {
  expect([0.04, 4.12, 41.4, 125, 11_520].map(formatSeconds)).toEqual([
    '0.0 s',
    '4.1 s',
    '41 s',
    '2 min 5 s',
    '3 h 12 min',
  ]);
});
