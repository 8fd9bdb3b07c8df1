import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

/** Bytes where the wire has bytes or text, bigints and numbers where it has numbers. */
export type OtlpMessage = Readonly<Record<string, unknown>>;

const root = protobuf.parse(readFileSync(new URL('otlp.proto', import.meta.url), 'utf8'), { keepCase: false }).root;
root.resolveAll();

/** A message of OTLP by another hand than ours: protobufjs makes these from the definitions. */
export interface OtlpType {
  encode(message: OtlpMessage): Buffer;
  /** Throws where the bytes are malformed. */
  decode(bytes: Uint8Array): OtlpMessage;
}

export function otlpType(name: string): OtlpType {
  const type = root.lookupType(`otlp.${name}`);
  return {
    encode: (message) => Buffer.from(type.encode(type.fromObject(message)).finish()),
    decode: (bytes) => type.toObject(type.decode(Buffer.from(bytes)), { longs: BigInt, oneofs: true }),
  };
}
