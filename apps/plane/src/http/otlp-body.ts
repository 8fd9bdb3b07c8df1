import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import type { HttpBindings } from '@hono/node-server';
import type { Context as Call } from 'hono';

/** As of every request here, and of an inflated body too. A Collector's batch of 8,192 spans is about 2 MiB. */
export const maxBodyBytes = 16 * 1024 * 1024;
/** Bodies that are being read or inflated at once. More would be the sum of what many senders may each send. */
const maxHeldBytes = 128 * 1024 * 1024;

/**
 * Bodies up to this size are read into memory that is used again. A fresh buffer for each would be some hundred MB a
 * second of garbage outside of the heap, which costs as much as the decoding.
 */
const pooledBytes = 256 * 1024;
/** Requests that are usually in flight. */
const maxPooled = 16;

/** Compressed bodies up to this size are inflated at once: handing one to another thread costs three times as much. */
const smallBytes = 64 * 1024;
/** What zlib takes as the least. */
const minChunkBytes = 64;

export type OtlpBody =
  | {
      readonly kind: 'whole';
      /** Only until `release`. */
      readonly bytes: Uint8Array;
      readonly release: () => void;
    }
  | { readonly kind: 'too_large' | 'too_many' | 'cut_off' }
  | { readonly kind: 'bad_gzip'; readonly reason: string };

const inflate = promisify(gunzip);
const pool: Buffer[] = [];
let heldBytes = 0;

/**
 * Reads and inflates a body, keeping no more of it than may be: what is larger is not read on, and a gzip bomb is
 * inflated up to the bound and no further. Not through a web stream, which costs more than the decoding.
 */
export async function readOtlpBody(call: Call, isGzip: boolean): Promise<OtlpBody> {
  const said = Number(call.req.header('content-length') ?? 0);
  if (said > maxBodyBytes) return { kind: 'too_large' };
  const read = await readWhole(call, said);
  if (read.kind !== 'whole' || !isGzip) return read;
  const inflated = await inflateBounded(read.bytes);
  read.release();
  return inflated;
}

async function inflateBounded(bytes: Uint8Array): Promise<OtlpBody> {
  if (heldBytes + maxBodyBytes > maxHeldBytes) return { kind: 'too_many' };
  heldBytes += maxBodyBytes;
  try {
    const options = { maxOutputLength: maxBodyBytes, chunkSize: lengthSaid(bytes) };
    return whole(bytes.length <= smallBytes ? gunzipSync(bytes, options) : await inflate(bytes, options));
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'too_large' };
    return { kind: 'bad_gzip', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    heldBytes -= maxBodyBytes;
  }
}

/** The last four bytes of gzip say how long its content is, or lie: one piece of memory of that size, within bounds. */
function lengthSaid(bytes: Uint8Array): number {
  if (bytes.length < 4) return minChunkBytes;
  const said = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true);
  return Math.max(minChunkBytes, Math.min(pooledBytes, said + 1));
}

function whole(bytes: Uint8Array): OtlpBody {
  return { kind: 'whole', bytes, release: () => undefined };
}

async function readWhole(call: Call, said: number): Promise<OtlpBody> {
  const { incoming } = (call.env ?? {}) as Partial<HttpBindings>;
  if (incoming !== undefined) return readIncoming(incoming as IncomingMessage, said);
  // Without a port (`app.request()`) there is only what fetch has.
  const bytes = new Uint8Array(await call.req.arrayBuffer());
  return bytes.length > maxBodyBytes ? { kind: 'too_large' } : whole(bytes);
}

/** `said` is the length that the request gives, or 0. */
function readIncoming(incoming: IncomingMessage, said: number): Promise<OtlpBody> {
  let buffer = said <= pooledBytes ? (pool.pop() ?? Buffer.allocUnsafeSlow(pooledBytes)) : Buffer.allocUnsafeSlow(said);
  let bytes = 0;
  const release = () => {
    if (buffer.length === pooledBytes && pool.length < maxPooled) pool.push(buffer);
  };
  return new Promise((done) => {
    const settle = (body: OtlpBody) => {
      incoming.off('data', onData);
      incoming.off('end', onEnd);
      incoming.off('error', onCut);
      incoming.off('close', onCut);
      heldBytes -= bytes;
      if (body.kind !== 'whole') release();
      done(body);
    };
    const onData = (chunk: Buffer) => {
      const from = bytes;
      bytes += chunk.length;
      heldBytes += chunk.length;
      if (bytes > maxBodyBytes) return settle({ kind: 'too_large' });
      if (heldBytes > maxHeldBytes) return settle({ kind: 'too_many' });
      if (bytes > buffer.length) {
        const small = buffer;
        buffer = Buffer.allocUnsafeSlow(Math.min(maxBodyBytes, Math.max(bytes, small.length * 2)));
        small.copy(buffer, 0, 0, from);
      }
      chunk.copy(buffer, from);
    };
    const onEnd = () => settle({ kind: 'whole', bytes: buffer.subarray(0, bytes), release });
    const onCut = () => settle({ kind: 'cut_off' });
    incoming.on('data', onData);
    incoming.on('end', onEnd);
    incoming.on('error', onCut);
    incoming.on('close', onCut);
  });
}
