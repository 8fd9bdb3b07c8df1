/** One message on a stream of bytes: its length, then itself. */
export function encodeFrame(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(4 + bytes.length);
  frame.writeUInt32LE(bytes.length, 0);
  frame.set(bytes, 4);
  return frame;
}

/** Far above any table of ours; a larger length means that something else talks to this port. */
const maxFrameBytes = 1 << 20;

/** Collects what arrives and hands out whole frames. */
export function createFrameReader(onFrame: (bytes: Uint8Array) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= 4) {
      const length = pending.readUInt32LE(0);
      if (length > maxFrameBytes) throw new RangeError(`a frame of ${length} bytes is not ours`);
      if (pending.length < 4 + length) return;
      const frame = pending.subarray(4, 4 + length);
      pending = pending.subarray(4 + length);
      onFrame(frame);
    }
  };
}

/** Several messages in one, each with its length. */
export function joinFrames(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts.map(encodeFrame));
}

export function splitFrames(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  createFrameReader((part) => parts.push(part))(Buffer.from(bytes));
  return parts;
}
