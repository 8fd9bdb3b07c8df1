import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unpermuteRows } from './unpermute-rows.ts';

test('neighbours of a rotation come to lie half a head apart', () => {
  // One column, two heads of four rows; a row's value is its number.
  const interleaved = Float32Array.of(0, 1, 2, 3, 10, 11, 12, 13);
  expect([...unpermuteRows(interleaved, 2, 1)]).toEqual([0, 2, 1, 3, 10, 12, 11, 13]);
});

/** What llama.cpp's converter does: rows of a head [2, half] become [half, 2]. */
function permuteRows(values: Float32Array, heads: number, columns: number): Float32Array {
  const half = values.length / columns / heads / 2;
  const out: number[] = [];
  for (let head = 0; head < heads; head += 1)
    for (let i = 0; i < half; i += 1)
      for (const part of [0, 1]) {
        const row = (head * 2 + part) * half + i;
        out.push(...values.subarray(row * columns, (row + 1) * columns));
      }
  return Float32Array.from(out);
}

test('it undoes what llama.cpp did, whatever the sizes', () => {
  const size = fc.integer({ min: 1, max: 6 });
  fc.assert(
    fc.property(size, size, size, (heads, half, columns) => {
      const rows = Float32Array.from({ length: heads * 2 * half * columns }, (_, i) => i);
      expect(unpermuteRows(permuteRows(rows, heads, columns), heads, columns)).toEqual(rows);
    }),
  );
});

test('rows that do not divide into heads are refused', () => {
  expect(() => unpermuteRows(new Float32Array(30), 3, 2)).toThrow('are not 3 heads of 2 columns');
});
