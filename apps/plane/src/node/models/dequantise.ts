import { type GgufKind, ggufKinds } from './gguf.ts';

/**
 * Unpacks a tensor's bytes into f32.
 *
 * Sums are made in f64 and rounded once, which is what ggml's f32 arithmetic
 * gives too: a nibble or a byte times a half is exact in either.
 */
export function dequantise(kind: GgufKind, packed: Uint8Array): Float32Array<ArrayBuffer> {
  const { blockValues, blockBytes } = ggufKinds[kind];
  if (packed.length % blockBytes !== 0) throw new Error(`${packed.length} bytes are not whole blocks of ${kind}.`);
  const values = new Float32Array((packed.length / blockBytes) * blockValues);
  unpack[kind](new DataView(packed.buffer, packed.byteOffset, packed.byteLength), values);
  return values;
}

const unpack: Record<GgufKind, (from: DataView, values: Float32Array) => void> = {
  F32(from, values) {
    for (let i = 0; i < values.length; i += 1) values[i] = from.getFloat32(i * 4, true);
  },
  F16(from, values) {
    for (let i = 0; i < values.length; i += 1) values[i] = halfToFloat(from.getUint16(i * 2, true));
  },
  /** A block of 32: scale and minimum as halves, then 16 bytes; low nibbles are the first 16 values, high ones the rest. */
  Q4_1(from, values) {
    for (let at = 0, out = 0; at < from.byteLength; at += 20, out += 32) {
      const scale = halfToFloat(from.getUint16(at, true));
      const minimum = halfToFloat(from.getUint16(at + 2, true));
      for (let i = 0; i < 16; i += 1) {
        const pair = from.getUint8(at + 4 + i);
        values[out + i] = (pair & 15) * scale + minimum;
        values[out + 16 + i] = (pair >> 4) * scale + minimum;
      }
    }
  },
  /** A block of 32: scale as a half, then 32 signed bytes. */
  Q8_0(from, values) {
    for (let at = 0, out = 0; at < from.byteLength; at += 34, out += 32) {
      const scale = halfToFloat(from.getUint16(at, true));
      for (let i = 0; i < 32; i += 1) values[out + i] = from.getInt8(at + 2 + i) * scale;
    }
  },
};

/** IEEE binary16 → number; exact, since every half is a float. */
export function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
