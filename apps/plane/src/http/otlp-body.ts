import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { HttpBindings } from '@hono/node-server';
import type { Context as Call } from 'hono';

/** As of every request here, and of an inflated body too. A Collector's batch of 8,192 spans is about 2 MiB. */
export const maxBodyBytes = 16 * 1024 * 1024;
/** Bodies that are being read or inflated at once. More would be the sum of what many senders may each send. */
const maxHeldBytes = 128 * 1024 * 1024;

export type OtlpBody =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'too_large' | 'too_many' | 'cut_off' }
  | { readonly kind: 'bad_gzip'; readonly reason: string };

const inflate = promisify(gunzip);
let heldBytes = 0;

/**
 * Reads and inflates a body, keeping no more of it than may be: what is larger is not read on, and a gzip bomb is
 * inflated up to the bound and no further. Not through a web stream, which costs more than the decoding.
 */
export async function readOtlpBody(call: Call, isGzip: boolean): Promise<OtlpBody> {
  const said = Number(call.req.header('content-length') ?? 0);
  if (said > maxBodyBytes) return { kind: 'too_large' };
  const read = await readWhole(call);
  if (read.kind !== 'whole' || !isGzip) return read;
  return holding(maxBodyBytes, () => inflateBounded(read.bytes));
}

async function inflateBounded(bytes: Uint8Array): Promise<OtlpBody> {
  try {
    return { kind: 'whole', bytes: await inflate(bytes, { maxOutputLength: maxBodyBytes }) };
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'too_large' };
    return { kind: 'bad_gzip', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Runs `read` while so many bytes count as held. */
async function holding(bytes: number, read: () => Promise<OtlpBody>): Promise<OtlpBody> {
  if (heldBytes + bytes > maxHeldBytes) return { kind: 'too_many' };
  heldBytes += bytes;
  try {
    return await read();
  } finally {
    heldBytes -= bytes;
  }
}

async function readWhole(call: Call): Promise<OtlpBody> {
  const { incoming } = (call.env ?? {}) as Partial<HttpBindings>;
  // Without a port (`app.request()`) there is only what fetch has.
  if (incoming === undefined || !('httpVersionMajor' in incoming)) {
    const bytes = new Uint8Array(await call.req.arrayBuffer());
    return bytes.length > maxBodyBytes ? { kind: 'too_large' } : { kind: 'whole', bytes };
  }
  return readIncoming(incoming as IncomingMessage);
}

function readIncoming(incoming: IncomingMessage): Promise<OtlpBody> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((done) => {
    const settle = (body: OtlpBody) => {
      incoming.off('data', onData);
      incoming.off('end', onEnd);
      incoming.off('error', onCut);
      incoming.off('close', onCut);
      heldBytes -= bytes;
      done(body);
    };
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      heldBytes += chunk.length;
      if (bytes > maxBodyBytes) return settle({ kind: 'too_large' });
      if (heldBytes > maxHeldBytes) return settle({ kind: 'too_many' });
      chunks.push(chunk);
    };
    const onEnd = () => {
      const [only] = chunks;
      settle({ kind: 'whole', bytes: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, bytes) });
    };
    const onCut = () => settle({ kind: 'cut_off' });
    incoming.on('data', onData);
    incoming.on('end', onEnd);
    incoming.on('error', onCut);
    incoming.on('close', onCut);
  });
}
