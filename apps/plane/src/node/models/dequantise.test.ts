import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dequantise, halfToFloat } from './dequantise.ts';

/** 1.0, 0.5 and -2.0 as halves, low byte first. */
const one = [0x00, 0x3c];
const half = [0x00, 0x38];
const minusTwo = [0x00, 0xc0];

test('Q4_1: nibble times scale plus minimum; low nibbles first, high ones 16 later', () => {
  const nibbles = Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4));
  const values = dequantise('Q4_1', new Uint8Array([...half, ...minusTwo, ...nibbles]));
  expect(values).toHaveLength(32);
  for (let i = 0; i < 16; i += 1) {
    expect(values[i]).toBe(i * 0.5 - 2);
    expect(values[16 + i]).toBe((15 - i) * 0.5 - 2);
  }
});

test('Q8_0: signed byte times scale, block after block', () => {
  const first = [...half, ...Array.from({ length: 32 }, (_, i) => (i - 16) & 0xff)];
  const second = [...minusTwo, ...Array.from({ length: 32 }, () => 0x80)];
  const values = dequantise('Q8_0', new Uint8Array([...first, ...second]));
  expect([...values.subarray(0, 32)]).toEqual(Array.from({ length: 32 }, (_, i) => (i - 16) * 0.5));
  expect([...values.subarray(32)]).toEqual(Array.from({ length: 32 }, () => 256));
});

test('F16 and F32 are taken as they are, wherever the bytes begin', () => {
  expect([...dequantise('F16', new Uint8Array([...one, ...minusTwo]))]).toEqual([1, -2]);
  const unaligned = new Uint8Array(9);
  unaligned.set(new Uint8Array(new Float32Array([0.1, -3]).buffer), 1);
  expect([...dequantise('F32', unaligned.subarray(1))]).toEqual([Math.fround(0.1), -3]);
});

test('halves of every sort', () => {
  const known = [0x0000, 0x0001, 0x03ff, 0x0400, 0x3555, 0x7bff, 0x7c00, 0xfc00, 0x8001];
  expect(known.map(halfToFloat)).toEqual([
    0,
    2 ** -24,
    1023 * 2 ** -24,
    2 ** -14,
    0.333251953125,
    65504,
    Infinity,
    -Infinity,
    -(2 ** -24),
  ]);
  expect(halfToFloat(0x7e00)).toBeNaN();
});

test('larger halves stand for larger numbers', () => {
  const finite = fc.integer({ min: 0, max: 0x7bfe });
  fc.assert(fc.property(finite, (bits) => halfToFloat(bits) < halfToFloat(bits + 1)));
});

test('a piece of a block is refused', () => {
  expect(() => dequantise('Q4_1', new Uint8Array(21))).toThrow('21 bytes are not whole blocks of Q4_1');
});
