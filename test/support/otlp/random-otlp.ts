import { rankAttributes, resourceNames, runnerPhases, spanAttributes, spanStates } from '@rankscope/schema';

/** Numbers that are the same for the same seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d_2b_79_f5) >>> 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From 0 to `below` − 1. */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.int(from.length)] ?? from[0];
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.int(256)));
  }
}

/** Names that mean something to us, and a few that nearly do. */
const names: readonly [string, ...string[]] = [
  'other',
  ...Object.values(rankAttributes),
  ...Object.values(spanAttributes),
  ...Object.values(resourceNames),
  'rankscope.rang',
  'rankscope.ranks',
  'Rankscope.rank',
  'logfire.span_type',
  'event.name',
];
const texts: readonly [string, ...string[]] = [
  '',
  '0',
  '3',
  '-1',
  '7.5',
  'all_sum',
  'host-a',
  'pending_span',
  ...runnerPhases,
  ...Object.values(spanStates),
  'decode_stream (in progress)',
  'é—🙂',
  'x'.repeat(130),
];

/** A field of a message, as loose as the wire allows. */
type Field = () => Buffer;

/**
 * Messages of OTLP as no library would write them: fields in any order, several times, of the wrong wire type, unknown,
 * in groups, with numbers longer than they need be.
 */
export class RandomOtlp {
  readonly random: Random;
  readonly #nowNs: bigint;

  constructor(seed: number, nowNs: bigint) {
    this.random = new Random(seed);
    this.#nowNs = nowNs;
  }

  traces(): Buffer {
    return this.#message(
      this.#some(1, 2, () =>
        this.#within(
          1,
          this.#levels(() => this.#span()),
        ),
      ),
    );
  }

  logs(): Buffer {
    return this.#message(
      this.#some(1, 2, () =>
        this.#within(
          1,
          this.#levels(() => this.#logRecord()),
        ),
      ),
    );
  }

  #levels(record: () => Field[]): Field[] {
    const scope = () => [
      ...this.#some(0, 4, () => this.#within(2, record())),
      ...this.#some(0, 1, () => this.#within(1, [this.#bytes(1), ...this.#attributes(3, 2)])),
    ];
    return [
      ...this.#some(0, 2, () => this.#within(1, [...this.#ofRank(1), ...this.#attributes(1, 8)])),
      ...this.#some(1, 2, () => this.#within(2, scope())),
    ];
  }

  #span(): Field[] {
    return [
      ...this.#maybe(0.95, () => this.#id(1, 16)),
      ...this.#maybe(0.95, () => this.#id(2, 8)),
      ...this.#maybe(0.3, () => this.#id(4, 8)),
      ...this.#maybe(0.9, () => this.#text(5)),
      ...this.#maybe(0.5, () => this.#varint(6, BigInt(this.random.int(6)))),
      ...this.#maybe(0.95, () => this.#time(7)),
      ...this.#maybe(0.9, () => this.#time(8)),
      ...this.#ofRank(9),
      ...this.#attributes(9, 6),
      ...this.#some(0, 1, () => this.#within(11, [this.#time(1), this.#text(2), ...this.#attributes(3, 2)])),
      ...this.#some(0, 2, () => this.#within(13, [this.#id(1, 16), this.#id(2, 8), ...this.#attributes(4, 1)])),
      ...this.#some(0, this.random.chance(0.1) ? 2 : 1, () =>
        this.#within(15, [...this.#maybe(0.7, () => this.#text(2)), this.#varint(3, BigInt(this.random.int(4)))]),
      ),
    ];
  }

  #logRecord(): Field[] {
    return [
      ...this.#maybe(0.9, () => this.#time(1)),
      ...this.#maybe(0.3, () => this.#time(11)),
      ...this.#maybe(0.7, () => this.#within(5, this.#anyValue(0))),
      ...this.#attributes(6, 5),
      ...this.#maybe(0.5, () => this.#id(9, 16)),
      ...this.#maybe(0.5, () => this.#id(10, 8)),
      ...this.#maybe(0.7, () =>
        this.#bytesOf(12, Buffer.from(this.random.pick(['rankscope.progress', 'rankscope.rank.lost', 'x']))),
      ),
    ];
  }

  /** The two that make a span one that is shown. */
  #ofRank(field: number): Field[] {
    const say = (name: string, value: Field) =>
      this.#within(field, [this.#bytesOf(1, Buffer.from(name)), this.#within(2, [value])]);
    return [
      ...this.#maybe(0.5, () => say(rankAttributes.rank, this.#varint(3, BigInt(this.random.int(4))))),
      ...this.#maybe(0.5, () =>
        say(spanAttributes.phase, this.#bytesOf(1, Buffer.from(this.random.pick(runnerPhases)))),
      ),
    ];
  }

  #attributes(field: number, most: number): Field[] {
    return this.#some(0, most, () =>
      this.#within(field, [
        ...this.#maybe(0.97, () => this.#bytesOf(1, Buffer.from(this.random.pick(names)))),
        ...this.#some(this.random.chance(0.95) ? 1 : 0, this.random.chance(0.1) ? 2 : 1, () =>
          this.#within(2, this.#anyValue(0)),
        ),
      ]),
    );
  }

  #anyValue(depth: number): Field[] {
    if (depth === 0 && this.random.chance(0.002)) return this.#nested(44 + this.random.int(8));
    const deeper = depth < 3;
    const kinds: readonly [() => Field[], ...(() => Field[])[]] = [
      () => [this.#text(1)],
      () => [this.#text(1)],
      () => [this.#varint(3, this.#int64())],
      () => [this.#varint(3, BigInt(this.random.int(300)))],
      () => [this.#varint(2, 1n)],
      () => [this.#fixed(4, this.random.bytes(8))],
      () => [this.#bytes(7)],
      () => [],
      () =>
        deeper
          ? [
              this.#within(
                5,
                this.#some(0, 2, () => this.#within(1, this.#anyValue(depth + 1))),
              ),
            ]
          : [],
      () => (deeper ? [this.#within(6, this.#attributes(1, 2))] : []),
    ];
    return [...this.random.pick(kinds)(), ...(this.random.chance(0.05) ? this.random.pick(kinds)() : [])];
  }

  /** Lists within lists, about as many as may be: each is two messages. */
  #nested(lists: number): Field[] {
    return lists === 0 ? [this.#text(1)] : [this.#within(5, [this.#within(1, this.#nested(lists - 1))])];
  }

  #some(least: number, most: number, make: () => Field): Field[] {
    return Array.from({ length: least + this.random.int(most - least + 1) }, make);
  }

  #maybe(probability: number, make: () => Field): Field[] {
    const once = this.random.chance(probability) ? [make()] : [];
    return this.random.chance(0.03) ? [...once, make()] : once;
  }

  #message(fields: readonly Field[]): Buffer {
    const written = fields.map((field) => field());
    if (this.random.chance(0.1)) written.sort(() => this.random.next() - 0.5);
    if (this.random.chance(0.03)) written.splice(this.random.int(written.length + 1), 0, this.#oddField());
    return Buffer.concat(written);
  }

  /** An unknown field, a known number with another wire type, a group. */
  #oddField(): Buffer {
    const field = 1 + this.random.int(this.random.chance(0.1) ? 2 ** 29 - 1 : 20);
    switch (this.random.int(5)) {
      case 0:
        return this.#varint(field, this.#int64())();
      case 1:
        return this.#fixed(field, this.random.bytes(8))();
      case 2:
        return Buffer.concat([this.#tag(field, 5), this.random.bytes(4)]);
      case 3:
        return this.#bytes(field)();
      default:
        return Buffer.concat([
          this.#tag(field, 3),
          ...(this.random.chance(0.5) ? [this.#oddField()] : []),
          this.#tag(this.random.chance(0.9) ? field : field + 1, 4),
        ]);
    }
  }

  #within(field: number, fields: readonly Field[]): Field {
    return () => {
      const inner = this.#message(fields);
      return Buffer.concat([this.#tag(field, 2), this.#number(BigInt(inner.length)), inner]);
    };
  }

  #text = (field: number): Field =>
    this.#bytesOf(field, this.random.chance(0.05) ? this.random.bytes(6) : Buffer.from(this.random.pick(texts)));
  #bytes = (field: number): Field => this.#bytesOf(field, this.random.bytes(this.random.int(6)));
  #bytesOf =
    (field: number, bytes: Buffer): Field =>
    () =>
      Buffer.concat([this.#tag(field, 2), this.#number(BigInt(bytes.length)), bytes]);
  #varint =
    (field: number, value: bigint): Field =>
    () =>
      Buffer.concat([this.#tag(field, 0), this.#number(value)]);
  #fixed =
    (field: number, bytes: Buffer): Field =>
    () =>
      Buffer.concat([this.#tag(field, 1), bytes]);

  #id(field: number, length: number): Field {
    if (this.random.chance(0.03)) return this.#bytesOf(field, this.random.bytes(this.random.int(20)));
    const few = Buffer.alloc(length, 1 + this.random.int(3));
    return this.#bytesOf(field, this.random.chance(0.5) ? few : this.random.bytes(length));
  }

  #time(field: number): Field {
    const bytes = Buffer.alloc(8);
    const odd: readonly [bigint, ...bigint[]] = [0n, 1n, 2n ** 64n - 1n, 10n ** 18n];
    bytes.writeBigUInt64LE(
      this.random.chance(0.1) ? this.random.pick(odd) : this.#nowNs - BigInt(this.random.int(1e9)),
    );
    return this.#fixed(field, bytes);
  }

  #int64(): bigint {
    return this.random.chance(0.5) ? BigInt(this.random.int(1000)) : this.random.bytes(8).readBigUInt64LE();
  }

  #tag(field: number, wireType: number): Buffer {
    return this.#number((BigInt(field) << 3n) | BigInt(wireType), 5);
  }

  /** A varint, now and then longer than it need be. */
  #number(value: bigint, most = 10): Buffer {
    const out: number[] = [];
    let rest = value;
    do {
      out.push(Number(rest & 0x7fn));
      rest >>= 7n;
    } while (rest > 0n);
    if (this.random.chance(0.01)) while (out.length < most && this.random.chance(0.7)) out.push(0);
    return Buffer.from(out.map((byte, i) => (i < out.length - 1 ? byte | 0x80 : byte)));
  }
}

/** The message with one to three bytes changed, added, taken out, or with its end cut off. */
export function damage(bytes: Buffer, random: Random): Buffer {
  let damaged = Buffer.from(bytes);
  for (let n = random.chance(0.7) ? 0 : random.int(3); n >= 0 && damaged.length > 0; n -= 1) {
    const at = random.int(damaged.length);
    switch (random.int(6)) {
      case 0:
      case 1:
        damaged[at] = (damaged[at] ?? 0) ^ (1 << random.int(8));
        break;
      case 2:
        damaged[at] = random.int(256);
        break;
      case 3:
        damaged = damaged.subarray(0, at);
        break;
      case 4:
        damaged = Buffer.concat([damaged.subarray(0, at), random.bytes(1 + random.int(4)), damaged.subarray(at)]);
        break;
      default:
        damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + 1 + random.int(4))]);
    }
  }
  return damaged;
}
