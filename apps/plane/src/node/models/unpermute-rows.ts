/**
 * Puts the rows of a query or key projection back into the order of mlx-lm.
 *
 * llama.cpp stores the rows of each head so that the two partners of a rotation
 * are neighbours; mlx-lm expects the first partners of all rotations, then the
 * second ones. Left as they are, the model still talks, and talks nonsense.
 *
 * values: [heads * headRows, columns], row-major. Answers a new array.
 */
export function unpermuteRows(values: Float32Array, heads: number, columns: number): Float32Array<ArrayBuffer> {
  const headRows = values.length / columns / heads;
  if (!Number.isInteger(headRows / 2))
    throw new Error(`${values.length} values are not ${heads} heads of ${columns} columns.`);
  const half = headRows / 2;
  const out = new Float32Array(values.length);
  for (let head = 0; head < heads; head += 1) {
    for (let row = 0; row < headRows; row += 1) {
      const from = head * headRows + (row < half ? 2 * row : 2 * (row - half) + 1);
      out.set(values.subarray(from * columns, (from + 1) * columns), (head * headRows + row) * columns);
    }
  }
  return out;
}
