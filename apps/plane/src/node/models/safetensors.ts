import { open } from 'node:fs/promises';

interface SafetensorsEntry {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * Opens a safetensors file of f32 tensors for writing.
 *
 * The header comes first in the file and holds every offset, so the tensors are
 * declared beforehand and written in that order: no more than one of them has
 * to be in memory. `finish` returns once the disk has the bytes, so that a
 * rename after it never shows a file that a power cut can empty.
 */
export async function createSafetensors(path: string, entries: readonly SafetensorsEntry[]) {
  const file = await open(path, 'wx');
  const { bytes, dataBytes } = encodeHeader(entries);
  let next = 0;
  let position = bytes.length;
  await writeFully(bytes, 0);
  return {
    /** Of all tensors together; the header not counted. */
    dataBytes,
    async write(name: string, values: Float32Array<ArrayBuffer>): Promise<void> {
      const entry = entries[next];
      if (entry?.name !== name) throw new Error(`${name} is written, but ${entry?.name ?? 'nothing'} is next.`);
      if (values.length !== sizeOf(entry))
        throw new Error(`${name} has ${values.length} values, not ${sizeOf(entry)}.`);
      await writeFully(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), position);
      position += values.byteLength;
      next += 1;
    },
    async finish(): Promise<void> {
      const missing = entries[next];
      if (missing) throw new Error(`${missing.name} was declared but not written.`);
      await file.sync();
    },
    close: () => file.close(),
  };

  async function writeFully(from: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < from.length; ) {
      const { bytesWritten } = await file.write(from, done, from.length - done, at + done);
      done += bytesWritten;
    }
  }
}

function encodeHeader(entries: readonly SafetensorsEntry[]): { bytes: Uint8Array; dataBytes: number } {
  // mlx-lm and transformers ask which framework wrote the file.
  const header: Record<string, unknown> = { __metadata__: { format: 'mlx' } };
  let offset = 0;
  for (const entry of entries) {
    const end = offset + sizeOf(entry) * 4;
    header[entry.name] = { dtype: 'F32', shape: entry.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // Spaces up to a multiple of 8 keep the tensors aligned for whoever maps the file.
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return { bytes, dataBytes: offset };
}

function sizeOf(entry: SafetensorsEntry): number {
  return entry.shape.reduce((product, n) => product * n, 1);
}
