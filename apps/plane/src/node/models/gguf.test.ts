import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeGguf, type GgufContent } from './encode-gguf.ts';
import { openGguf, parseGguf } from './gguf.ts';

const small: GgufContent = {
  metadata: {
    'general.architecture': { type: 'string', value: 'llama' },
    'llama.block_count': { type: 'u32', value: 2 },
    'llama.long': { type: 'u64', value: 2 ** 40 },
    'llama.eps': { type: 'f32', value: 0.5 },
    'tokenizer.ggml.tokens': { type: 'strings', value: ['a', 'Ġb', 'ü'] },
    'tokenizer.ggml.token_type': { type: 'u32s', value: [1, 1, 3] },
  },
  tensors: [
    { name: 'norm', kind: 'F32', shape: [3], bytes: Buffer.from(new Float32Array([1, 2, 3]).buffer) },
    { name: 'rows', kind: 'Q8_0', shape: [2, 32], bytes: new Uint8Array(68).fill(7) },
  ],
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gguf-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function opened(bytes: Uint8Array) {
  await writeFile(join(dir, 'x.gguf'), bytes);
  return openGguf(join(dir, 'x.gguf'));
}

test('a file that was written is read back: metadata, shapes and bytes', async () => {
  const gguf = await opened(encodeGguf(small));
  expect(Object.fromEntries(gguf.metadata)).toEqual({
    'general.architecture': 'llama',
    'llama.block_count': 2,
    'llama.long': 2 ** 40,
    'llama.eps': 0.5,
    'tokenizer.ggml.tokens': ['a', 'Ġb', 'ü'],
    'tokenizer.ggml.token_type': [1, 1, 3],
  });
  expect(gguf.tensors.map(({ name, kind, shape }) => ({ name, kind, shape }))).toEqual([
    { name: 'norm', kind: 'F32', shape: [3] },
    { name: 'rows', kind: 'Q8_0', shape: [2, 32] },
  ]);
  for (const [at, tensor] of gguf.tensors.entries()) {
    expect(Buffer.from(await gguf.readTensor(tensor))).toEqual(Buffer.from(small.tensors[at]?.bytes ?? []));
  }
  await gguf.close();
});

test('wherever a file is cut, it says so', () => {
  const whole = encodeGguf(small);
  for (let length = 4; length < whole.length - 32; length += 7) {
    expect(() => parseGguf(whole.subarray(0, length), length), `${length} bytes`).toThrow(/The GGUF file is cut short/);
  }
});

test('a cut file is refused on opening, and names the tensor that is not whole', async () => {
  const whole = encodeGguf(small);
  await expect(opened(whole.subarray(0, whole.length - 96))).rejects.toThrow(/cut short: rows ends at byte/);
  await expect(opened(whole.subarray(0, 40))).rejects.toThrow(/cut short/);
});

test('a header longer than the first piece that is read is read whole', async () => {
  const value = Array.from({ length: 300_000 }, (_, i) => `token number ${i}`);
  const gguf = await opened(encodeGguf({ ...small, metadata: { many: { type: 'strings', value } } }));
  expect(gguf.metadata.get('many')).toEqual(value);
  await gguf.close();
});

test.each<[string, (bytes: Buffer) => void, RegExp]>([
  ['another kind of file', (bytes) => bytes.write('GGML'), /not a GGUF file/],
  ['another version', (bytes) => bytes.writeUInt32LE(2, 4), /version 2/],
  ['an absurd count', (bytes) => bytes.writeBigUInt64LE(2n ** 60n, 8), /too large/],
])('%s is refused', (_name, spoil, message) => {
  const bytes = encodeGguf(small);
  spoil(bytes);
  expect(() => parseGguf(bytes, bytes.length)).toThrow(message);
});

test('a count that the file has no room for is not believed', () => {
  const bytes = encodeGguf({ metadata: {}, tensors: [] });
  bytes.writeBigUInt64LE(10n ** 12n, 8);
  expect(() => parseGguf(bytes, bytes.length)).toThrow(/no room for 1000000000000 items/);
});
