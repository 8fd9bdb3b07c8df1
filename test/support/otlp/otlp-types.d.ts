/** Bytes where the wire has bytes or text, bigints and numbers where it has numbers. */
export type OtlpMessage = Readonly<Record<string, unknown>>;
/** A message of OTLP by another hand than ours: protobufjs makes these from the definitions. */
export interface OtlpType {
    encode(message: OtlpMessage): Buffer;
    /** Throws where the bytes are malformed. */
    decode(bytes: Uint8Array): OtlpMessage;
}
export declare function otlpType(name: string): OtlpType;
