import { type GgufKind, ggufKinds } from './gguf.ts';

/** One entry of the metadata, by the type it is written as. */
export type GgufField =
  | { readonly type: 'u32' | 'f32' | 'u64'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'u32s'; readonly value: readonly number[] };

export interface GgufContent {
  readonly metadata: Readonly<Record<string, GgufField>>;
  /** Shapes outermost first; the bytes packed as their kind says. */
  readonly tensors: readonly { name: string; kind: GgufKind; shape: readonly number[]; bytes: Uint8Array }[];
}

/** Writes a GGUF file of version 3, so that tests can read small ones of their own. */
export function encodeGguf(content: GgufContent): Buffer<ArrayBuffer> {
  const fields = Object.entries(content.metadata).flatMap(([key, field]) => [text(key), encodeField(field)]);
  let offset = 0;
  const infos = content.tensors.map(({ name, kind, shape, bytes }) => {
    const info = [
      text(name),
      u32(shape.length),
      ...shape.toReversed().map(u64),
      u32(ggufKinds[kind].ggmlType),
      u64(offset),
    ];
    offset += align(bytes.length);
    return Buffer.concat(info);
  });
  const counts = [u64(content.tensors.length), u64(Object.keys(content.metadata).length)];
  const header = Buffer.concat([Buffer.from('GGUF'), u32(3), ...counts, ...fields, ...infos]);
  return Buffer.concat([padded(header), ...content.tensors.map(({ bytes }) => padded(bytes))]);
}

function encodeField(field: GgufField): Buffer {
  switch (field.type) {
    case 'u32':
      return Buffer.concat([u32(4), u32(field.value)]);
    case 'f32': {
      const value = Buffer.alloc(4);
      value.writeFloatLE(field.value);
      return Buffer.concat([u32(6), value]);
    }
    case 'u64':
      return Buffer.concat([u32(10), u64(field.value)]);
    case 'string':
      return Buffer.concat([u32(8), text(field.value)]);
    case 'strings':
      return Buffer.concat([u32(9), u32(8), u64(field.value.length), ...field.value.map(text)]);
    case 'u32s':
      return Buffer.concat([u32(9), u32(4), u64(field.value.length), ...field.value.map(u32)]);
  }
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function align(length: number): number {
  return Math.ceil(length / 32) * 32;
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes], align(bytes.length));
}
