import type { OtlpEncoding, OtlpSignal } from './otlp-reader.ts';

export interface PartialSuccess {
  readonly rejected: number;
  /** Empty when nothing was rejected. */
  readonly message: string;
}

/** An ExportTraceServiceResponse or ExportLogsServiceResponse. Empty when everything was taken, as the protocol wants. */
export function encodeOtlpAnswer(
  signal: OtlpSignal,
  { rejected, message }: PartialSuccess,
  encoding: OtlpEncoding,
): Uint8Array<ArrayBuffer> {
  const isFull = rejected === 0 && message === '';
  if (encoding === 'json') {
    const count = signal === 'traces' ? 'rejectedSpans' : 'rejectedLogRecords';
    const answer = isFull ? {} : { partialSuccess: { [count]: String(rejected), errorMessage: message } };
    return Buffer.from(JSON.stringify(answer));
  }
  if (isFull) return new Uint8Array(0);
  return Buffer.from(lengthField(1, Buffer.concat([varintField(1, rejected), lengthField(2, Buffer.from(message))])));
}

/** Numbers of google.rpc.Code. */
export const rpcCodes = { invalidArgument: 3, resourceExhausted: 8, internal: 13, unavailable: 14 } as const;

/** A google.rpc.Status, which is what OTLP answers with whenever it takes nothing. */
export function encodeRpcStatus(code: number, message: string, encoding: OtlpEncoding): Uint8Array<ArrayBuffer> {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }));
  return Buffer.concat([varintField(1, code), lengthField(2, Buffer.from(message))]);
}

function varintField(field: number, value: number): Buffer {
  return Buffer.from([field << 3, ...varint(value)]);
}

function lengthField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}
