import {
  encodeOtlpAnswer,
  encodeRpcStatus,
  type OtlpEncoding,
  type OtlpSignal,
  rpcCodes,
} from '@rankscope/telemetry/intake';
import type { Context as Call } from 'hono';
import type { LazyIntake } from '../control/intake/lazy-intake.ts';
import type { Accepted } from '../control/intake/open-intake.ts';
import { findJsonFault } from './json-fault.ts';
import { maxBodyBytes, type OtlpBody, readOtlpBody } from './otlp-body.ts';
import { problemAnswer } from './problem-answer.ts';

const types: Record<OtlpEncoding, string> = { protobuf: 'application/x-protobuf', json: 'application/json' };

/** When a sender should come again, in seconds. */
const retryAfter = '1';

/** Takes one request of an exporter or a Collector, and says in its own encoding what became of it. */
export async function takeOtlp(call: Call, door: LazyIntake, signal: OtlpSignal): Promise<Response> {
  const encoding = encodingOf(call.req.header('content-type'));
  if (encoding === null)
    return problemAnswer(
      call,
      'unsupported_media_type',
      `Content-Type ${JSON.stringify(call.req.header('content-type') ?? '')} is not OTLP; send ${types.protobuf} or ${types.json}.`,
    );
  const compression = (call.req.header('content-encoding') ?? 'identity').trim().toLowerCase();
  if (compression !== 'gzip' && compression !== 'identity')
    return refuse(
      encoding,
      415,
      rpcCodes.invalidArgument,
      `Content-Encoding ${JSON.stringify(compression)} is not taken; send gzip, or none`,
    );
  const intake = await door.open();
  const busy = intake.whyBusy();
  if (busy !== null) return refuse(encoding, 503, rpcCodes.unavailable, busy);
  const body = await readOtlpBody(call, compression === 'gzip');
  if (body.kind !== 'whole') return refuseBody(encoding, body);
  const accept = signal === 'traces' ? intake.acceptTraces : intake.acceptLogs;
  const accepted = accept(body.bytes, encoding);
  const response = answer(accepted, { signal, encoding, bytes: body.bytes });
  body.release();
  return response;
}

interface Asked {
  readonly signal: OtlpSignal;
  readonly encoding: OtlpEncoding;
  readonly bytes: Uint8Array;
}

function answer(accepted: Accepted, { signal, encoding, bytes }: Asked): Response {
  switch (accepted.kind) {
    case 'taken':
      return new Response(encodeOtlpAnswer(signal, accepted, encoding), {
        headers: { 'content-type': types[encoding] },
      });
    case 'busy':
      return refuse(encoding, 503, rpcCodes.unavailable, accepted.reason);
    case 'malformed': {
      const isText = encoding === 'json' && accepted.offset === null;
      return refuse(encoding, 400, rpcCodes.invalidArgument, accepted.reason + (isText ? whereNotJson(bytes) : ''));
    }
  }
}

function refuseBody(encoding: OtlpEncoding, body: Exclude<OtlpBody, { kind: 'whole' }>): Response {
  switch (body.kind) {
    case 'too_large':
      return refuse(
        encoding,
        413,
        rpcCodes.invalidArgument,
        `the body, inflated, is larger than ${maxBodyBytes / 1024 / 1024} MiB: send smaller batches`,
      );
    case 'too_many':
      return refuse(encoding, 429, rpcCodes.resourceExhausted, 'too many large bodies at once');
    case 'cut_off':
      return refuse(encoding, 400, rpcCodes.invalidArgument, 'the body ended before its end');
    case 'bad_gzip':
      return refuse(encoding, 400, rpcCodes.invalidArgument, `the body is not gzip: ${body.reason}`);
  }
}

function refuse(encoding: OtlpEncoding, status: 400 | 413 | 415 | 429 | 503, code: number, message: string): Response {
  const headers: Record<string, string> = { 'content-type': types[encoding], 'cache-control': 'no-store' };
  if (status === 429 || status === 503) headers['retry-after'] = retryAfter;
  return new Response(encodeRpcStatus(code, message, encoding), { status, headers });
}

/** V8 names the place of some faults only. */
function whereNotJson(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const fault = findJsonFault(text);
  return fault === null ? '' : ` at byte ${Buffer.byteLength(text.slice(0, fault.position))}`;
}

function encodingOf(contentType: string | undefined): OtlpEncoding | null {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === types.protobuf || type === 'application/protobuf') return 'protobuf';
  return type === types.json ? 'json' : null;
}
