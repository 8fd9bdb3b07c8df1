import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSafetensors } from './safetensors.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'safetensors-'));
});
afterEach(() => rm(dir, { recursive: true }));

const entries = [
  { name: 'a.weight', shape: [2, 3] },
  { name: 'b.weight', shape: [1] },
];

/** Reads the format by its definition: length, JSON, data. */
async function readBack(path: string): Promise<Record<string, { shape: number[]; values: number[] }>> {
  const file = await readFile(path);
  const headerBytes = Number(file.readBigUInt64LE(0));
  expect(headerBytes % 8).toBe(0);
  const { __metadata__, ...tensors } = JSON.parse(file.toString('utf8', 8, 8 + headerBytes));
  expect(__metadata__).toEqual({ format: 'mlx' });
  return Object.fromEntries(
    Object.entries(tensors as Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        expect(dtype).toBe('F32');
        const data = file.subarray(8 + headerBytes + from, 8 + headerBytes + to);
        return [name, { shape, values: Array.from({ length: data.length / 4 }, (_, i) => data.readFloatLE(i * 4)) }];
      },
    ),
  );
}

test('what is written is read back', async () => {
  const path = join(dir, 'x.safetensors');
  const file = await createSafetensors(path, entries);
  expect(file.dataBytes).toBe(28);
  await file.write('a.weight', Float32Array.of(1, 2, 3, 4, 5, 6.5));
  await file.write('b.weight', Float32Array.of(-7));
  await file.finish();
  await file.close();
  expect(await readBack(path)).toEqual({
    'a.weight': { shape: [2, 3], values: [1, 2, 3, 4, 5, 6.5] },
    'b.weight': { shape: [1], values: [-7] },
  });
});

test('another order, another size and a tensor left out are refused', async () => {
  const file = await createSafetensors(join(dir, 'x.safetensors'), entries);
  await expect(file.write('b.weight', Float32Array.of(1))).rejects.toThrow('a.weight is next');
  await expect(file.write('a.weight', Float32Array.of(1))).rejects.toThrow('a.weight has 1 values, not 6');
  await expect(file.finish()).rejects.toThrow('a.weight was declared but not written');
  await file.close();
});
