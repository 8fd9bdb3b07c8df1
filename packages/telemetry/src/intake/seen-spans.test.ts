import { expect, test } from 'vitest';
import { SeenSpans, spanState } from './seen-spans.ts';

const { unseen, open, ended } = spanState;

test('at least the last 65,536 spans are remembered, and none is taken for another', () => {
  const seen = new SeenSpans();
  const count = 300_000;
  let fresh = 0;
  for (let n = 0; n < count; n += 1) fresh += Number(seen.see(1, 7, n, n * 3, ended) === unseen);
  expect(fresh).toBe(count);
  let again = 0;
  for (let n = count - 65_536; n < count; n += 1) again += Number(seen.see(1, 7, n, n * 3, ended) === ended);
  expect(again).toBe(65_536);
});

test('an open span that was pushed to the older table ends all the same, once', () => {
  const seen = new SeenSpans();
  seen.see(1, 7, 0, 0, open);
  for (let n = 1; n < 70_000; n += 1) seen.see(1, 7, n, n, ended);
  expect([seen.see(1, 7, 0, 0, ended), seen.see(1, 7, 0, 0, ended)]).toEqual([open, ended]);
});

test('what a refused request brought has not been seen, what came before has', () => {
  const seen = new SeenSpans();
  seen.see(1, 7, 1, 1, open);
  seen.see(1, 7, 2, 2, ended);
  seen.begin();
  for (let n = 1; n < 5_000; n += 1) seen.see(1, 7, n, n, ended);
  seen.rollBack();
  expect([1, 2, 3, 4_999].map((n) => seen.see(1, 7, n, n, ended))).toEqual([open, ended, unseen, unseen]);
});

test('a refused request of more spans than are remembered leaves nothing behind', () => {
  const seen = new SeenSpans();
  seen.begin();
  for (let n = 0; n < 200_000; n += 1) seen.see(1, 7, n, n, ended);
  seen.rollBack();
  let known = 0;
  for (let n = 0; n < 200_000; n += 1) known += Number(seen.see(1, 7, n, n, ended) !== unseen);
  expect(known).toBe(0);
});
