import { open } from 'node:fs/promises';

/** A value of the metadata. 64-bit integers are numbers; one that does not fit is refused. */
export type GgufValue = number | boolean | string | readonly GgufValue[];

/** How a tensor's numbers are packed: those kinds that the dequantiser knows. */
export type GgufKind = 'F32' | 'F16' | 'Q4_1' | 'Q8_0';

export interface GgufTensor {
  readonly name: string;
  readonly kind: GgufKind;
  /** Outermost dimension first, as everybody but ggml writes it: [rows, columns]. */
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
}

/** ggml's number of each kind, how many values share a block, and how long the block is. */
export const ggufKinds: Record<GgufKind, { ggmlType: number; blockValues: number; blockBytes: number }> = {
  F32: { ggmlType: 0, blockValues: 1, blockBytes: 4 },
  F16: { ggmlType: 1, blockValues: 1, blockBytes: 2 },
  Q4_1: { ggmlType: 3, blockValues: 32, blockBytes: 20 },
  Q8_0: { ggmlType: 8, blockValues: 32, blockBytes: 34 },
};

/** Opens a GGUF file: its header is read now, each tensor when it is asked for. */
export async function openGguf(path: string) {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const header = await readHeader();
    return {
      ...header,
      async readTensor(tensor: GgufTensor): Promise<Uint8Array> {
        const bytes = new Uint8Array(tensor.sizeBytes);
        await readFully(bytes, tensor.offsetBytes);
        return bytes;
      },
      close: () => file.close(),
    };

    /** Where the header ends is known only once it is read, so the piece looked at grows until it is enough. */
    async function readHeader(): Promise<GgufHeader> {
      for (let length = Math.min(size, firstReadBytes); ; length = Math.min(size, length * 2)) {
        const bytes = new Uint8Array(length);
        await readFully(bytes, 0);
        try {
          return parseGguf(bytes, size);
        } catch (error) {
          if (!(error instanceof GgufCutShort) || length === size) throw error;
        }
      }
    }
  } catch (error) {
    await file.close();
    throw error;
  }

  async function readFully(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done);
      if (bytesRead === 0) throw new GgufCutShort(`it ends at byte ${position + done}`);
      done += bytesRead;
    }
  }
}

/** Reads the header from the first bytes of a file that is `fileBytes` long. */
export function parseGguf(bytes: Uint8Array, fileBytes: number): GgufHeader {
  const reader = new Reader(bytes);
  const magic = reader.u32();
  if (magic !== 0x46554747) throw new Error('This is not a GGUF file: it does not begin with "GGUF".');
  const version = reader.u32();
  if (version !== 3) throw new Error(`This GGUF file is of version ${version}; only version 3 is read.`);
  const tensorCount = reader.u64();
  const metadataCount = reader.u64();

  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < metadataCount; i += 1) {
    const key = reader.string();
    metadata.set(key, reader.value(reader.u32()));
  }

  const found = Array.from(reader.times(tensorCount, minTensorBytes), () => readTensorInfo(reader));
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || alignment < 1) throw new Error('general.alignment is not a positive number.');
  const dataStart = Math.ceil(reader.at / alignment) * alignment;
  const tensors = found.map((tensor) => ({ ...tensor, offsetBytes: tensor.offsetBytes + dataStart }));
  for (const { name, offsetBytes, sizeBytes } of tensors) {
    const end = offsetBytes + sizeBytes;
    // Not a GgufCutShort: more of the header would not help.
    if (end > fileBytes) throw new Error(`The GGUF file is cut short: ${name} ends at byte ${end} of ${fileBytes}.`);
  }
  return { metadata, tensors };
}

function readTensorInfo(reader: Reader): GgufTensor {
  const name = reader.string();
  const dimensions = reader.u32();
  if (dimensions > 4) throw new Error(`${name} has ${dimensions} dimensions; GGUF knows at most 4.`);
  const shape = Array.from({ length: dimensions }, () => reader.u64()).reverse();
  const ggmlType = reader.u32();
  const kind = kindOf(ggmlType);
  if (!kind)
    throw new Error(`${name} is packed as ggml type ${ggmlType}; known are ${Object.keys(ggufKinds).join(', ')}.`);
  const { blockValues, blockBytes } = ggufKinds[kind];
  const values = shape.reduce((product, n) => product * n, 1);
  if ((shape.at(-1) ?? 1) % blockValues !== 0) throw new Error(`The rows of ${name} are not whole blocks of ${kind}.`);
  return { name, kind, shape, offsetBytes: reader.u64(), sizeBytes: (values / blockValues) * blockBytes };
}

function kindOf(ggmlType: number): GgufKind | undefined {
  const kinds: readonly GgufKind[] = ['F32', 'F16', 'Q4_1', 'Q8_0'];
  return kinds.find((kind) => ggufKinds[kind].ggmlType === ggmlType);
}

const firstReadBytes = 4 * 1024 * 1024;
/** A tensor without a name and without dimensions: what a count can be checked against before it is believed. */
const minTensorBytes = 24;

class GgufCutShort extends Error {
  constructor(detail: string) {
    super(`The GGUF file is cut short: ${detail}.`);
  }
}

/** Little-endian fields, one after the other. */
class Reader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #text = new TextDecoder();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): number {
    return safe(this.#view.getBigUint64(this.#take(8), true));
  }

  string(): string {
    const length = this.u64();
    const from = this.#take(length);
    return this.#text.decode(this.#bytes.subarray(from, from + length));
  }

  /** `count` as a length, once it is clear that so many items of at least `itemBytes` are there. */
  times(count: number, itemBytes: number): { length: number } {
    if (this.at + count * itemBytes > this.#bytes.length) throw new GgufCutShort(`no room for ${count} items`);
    return { length: count };
  }

  value(type: number): GgufValue {
    const view = this.#view;
    switch (type) {
      case 0:
        return view.getUint8(this.#take(1));
      case 1:
        return view.getInt8(this.#take(1));
      case 2:
        return view.getUint16(this.#take(2), true);
      case 3:
        return view.getInt16(this.#take(2), true);
      case 4:
        return view.getUint32(this.#take(4), true);
      case 5:
        return view.getInt32(this.#take(4), true);
      case 6:
        return view.getFloat32(this.#take(4), true);
      case 7:
        return view.getUint8(this.#take(1)) !== 0;
      case 8:
        return this.string();
      case 9: {
        const itemType = this.u32();
        return Array.from(this.times(this.u64(), 1), () => this.value(itemType));
      }
      case 10:
        return this.u64();
      case 11:
        return safe(view.getBigInt64(this.#take(8), true));
      case 12:
        return view.getFloat64(this.#take(8), true);
      default:
        throw new Error(`GGUF knows no metadata type ${type}.`);
    }
  }

  #take(length: number): number {
    const from = this.at;
    if (from + length > this.#bytes.length)
      throw new GgufCutShort(`its header goes on after byte ${this.#bytes.length}`);
    this.at += length;
    return from;
  }
}

function safe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`${value} in the GGUF header is too large to be meant.`);
  return number;
}
