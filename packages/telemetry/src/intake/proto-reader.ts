import { OtlpError } from './otlp-error.ts';

/** Messages within messages, as protobuf's own decoders have it. Only an AnyValue can nest so deep. */
const maxDepth = 100;
const maxLength = 0x7f_ff_ff_ff;
/** A longer way to write a length is refused, as protobuf's own decoders do. */
const maxLengthBytes = 5;
/** Bytes of a varint of 64 bits. */
const maxVarintBytes = 10;

export const wire = { varint: 0, fixed64: 1, length: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** The tag of a field, as it stands in a `switch`. */
export const tagOf = (field: number, wireType: number): number => (field << 3) | wireType;

/**
 * Reads protobuf's wire format forwards, never past the end of the message it is in.
 *
 * It hands out numbers and positions only: a string that nobody asks for is never made. Where it stands is kept as it
 * goes down, so that an error can say which field it is about.
 */
export class ProtoReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  pos = 0;
  /** End of the message that is being read. */
  end: number;
  /** Of the last varint, what is above its low 32 bits. */
  high = 0;
  #depth = 0;
  readonly #names: string[] = [];
  readonly #indexes: number[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
  }

  /** Begins the message that comes next; what it returns is for `leave`. `index` is −1 where the field is not repeated. */
  enter(name: string, index: number): number {
    const outer = this.end;
    this.#names[this.#depth] = name;
    this.#indexes[this.#depth] = index;
    this.#depth += 1;
    if (this.#depth > maxDepth) this.fail(`more than ${maxDepth} messages within each other`);
    const length = this.length();
    this.end = this.pos + length;
    return outer;
  }

  leave(outer: number): void {
    this.#depth -= 1;
    this.end = outer;
  }

  tag(): number {
    const byte = this.pos < this.end ? (this.bytes[this.pos] ?? 0) : 0x80;
    if (byte < 0x80 && byte > 7) {
      this.pos += 1;
      return byte;
    }
    return this.#longTag();
  }

  /** The low 32 bits, unsigned; those above are in `high`. */
  varint(): number {
    const byte = this.pos < this.end ? (this.bytes[this.pos] ?? 0) : 0x80;
    if (byte < 0x80) {
      this.pos += 1;
      this.high = 0;
      return byte;
    }
    return this.#longVarint();
  }

  /** The length of what comes next, which lies within the message. */
  length(): number {
    const from = this.pos;
    const length = this.varint();
    const isShort = this.high === 0 && this.pos - from <= maxLengthBytes;
    if (length <= this.end - this.pos && isShort) return length;
    if (!isShort || length > maxLength) this.fail('a length above 2 GiB', from);
    return this.fail(`a length of ${length}, but ${this.end - this.pos} bytes are left`, from);
  }

  /** Steps over eight bytes; what they hold is read from `view` at the position that this returns. */
  fixed64(): number {
    const at = this.pos;
    if (this.end - at < 8) this.fail(`8 bytes are wanted, ${this.end - at} are left`);
    this.pos = at + 8;
    return at;
  }

  fixed32(): void {
    if (this.end - this.pos < 4) this.fail(`4 bytes are wanted, ${this.end - this.pos} are left`);
    this.pos += 4;
  }

  /** Steps over a field that nobody reads. */
  skip(tag: number): void {
    switch (tag & 7) {
      case wire.varint:
        this.varint();
        return;
      case wire.fixed64:
        this.fixed64();
        return;
      case wire.length: {
        const length = this.length();
        this.pos += length;
        return;
      }
      case wire.startGroup:
        this.#skipGroup(tag >>> 3);
        return;
      case wire.fixed32:
        this.fixed32();
        return;
      default:
        this.fail(`wire type ${tag & 7} cannot stand here`);
    }
  }

  /** Where the reader is, in the specification's words. */
  path(): string {
    const parts = this.#names.slice(0, this.#depth).map((name, depth) => {
      const index = this.#indexes[depth] ?? -1;
      return index < 0 ? name : `${name}[${index}]`;
    });
    return parts.join('.');
  }

  fail(problem: string, offset = this.pos): never {
    throw new OtlpError(problem, this.path(), offset);
  }

  #longTag(): number {
    const from = this.pos;
    const tag = this.varint();
    if (this.high !== 0 || this.pos - from > 5) this.fail('a field number above 2^29', from);
    if (tag >>> 3 === 0) this.fail('field number 0', from);
    return tag;
  }

  #longVarint(): number {
    const from = this.pos;
    let low = 0;
    let high = 0;
    for (let i = 0; i < maxVarintBytes; i += 1) {
      if (this.pos >= this.end) this.fail('the message ends within a number', from);
      const byte = this.bytes[this.pos++] ?? 0;
      const bits = byte & 0x7f;
      if (i < 4) low |= bits << (i * 7);
      else if (i === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (i * 7 - 32);
      if (byte < 0x80) {
        this.high = high >>> 0;
        return low >>> 0;
      }
    }
    return this.fail('a number of more than ten bytes', from);
  }

  #skipGroup(field: number): void {
    this.#names[this.#depth] = `group ${field}`;
    this.#indexes[this.#depth] = -1;
    this.#depth += 1;
    for (;;) {
      const tag = this.tag();
      if ((tag & 7) === wire.endGroup) {
        if (tag >>> 3 !== field) this.fail(`the end of group ${tag >>> 3} within group ${field}`);
        break;
      }
      if (this.#depth > maxDepth) this.fail(`more than ${maxDepth} messages within each other`);
      this.skip(tag);
    }
    this.#depth -= 1;
  }
}
