/** Where a body's bytes are gathered: grown piece by piece, and given back to the system at once when it is done with. */
interface Gathered {
  bytes: ArrayBuffer;
  length: number;
}

const firstBytes = 64 * 1024;

/** The body as text; null as soon as it is larger than allowed. */
export async function readText(response: Response, maxBytes: number): Promise<string | null> {
  const bytes = await readBytes(response, maxBytes);
  if (bytes === null) return null;
  const text = new TextDecoder().decode(bytes);
  bytes.buffer.transfer(0);
  return text;
}

/**
 * The body as it came; null as soon as it is larger than allowed.
 *
 * The bytes lie in one buffer of their own and not in strings: what a peer sends too much of would otherwise stay in
 * the heap until a collection that nothing hurries. For the same reason every piece is let go of as soon as it is copied.
 */
export async function readBytes(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) return null;
  if (response.body === null) return new Uint8Array();
  const gathered: Gathered = { bytes: new ArrayBuffer(0, { maxByteLength: maxBytes }), length: 0 };
  try {
    for await (const chunk of response.body) {
      if (gathered.length + chunk.byteLength > maxBytes) return null;
      append(gathered, chunk, maxBytes);
      chunk.buffer.transfer(0);
    }
    // Decoders of other engines take no buffer that may still change its size.
    return new Uint8Array(gathered.bytes.transferToFixedLength(gathered.length));
  } finally {
    if (!gathered.bytes.detached) gathered.bytes.transfer(0);
  }
}

function append(gathered: Gathered, chunk: Uint8Array, maxBytes: number): void {
  const { bytes, length } = gathered;
  const needed = length + chunk.byteLength;
  if (needed > bytes.byteLength) bytes.resize(Math.min(maxBytes, Math.max(needed, firstBytes, bytes.byteLength * 2)));
  new Uint8Array(bytes).set(chunk, length);
  gathered.length = needed;
}

/** `undefined` is no JSON value, so it can say that there was none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function mimeOf(response: Response): string {
  return (response.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
