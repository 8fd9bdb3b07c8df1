import { OtlpError } from './otlp-error.ts';

/** Objects and lists within each other: deeper is no telemetry, and each level costs memory before anything is known. */
const maxDepth = 128;
/** Values of one body. A span of six attributes has about fifty. */
const maxValues = 4_000_000;

const quote = 0x22;
const backslash = 0x5c;

/** The body as JSON. Looked over first: what is small as text may be large as objects. */
export function parseJsonBody(bytes: Uint8Array): JsonObject {
  checkShape(bytes);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const value = parse(text);
  if (isObject(value)) return value;
  throw new OtlpError(`an object is wanted, this is ${nameOf(value)}`, '', 0);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const at = cause instanceof Error ? / at position (\d+)/.exec(cause.message)?.[1] : undefined;
    throw new OtlpError('not JSON', '', at === undefined ? null : Buffer.byteLength(text.slice(0, Number(at))));
  }
}

function checkShape(bytes: Uint8Array): void {
  let depth = 0;
  let values = 1;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte === quote) {
      i += 1;
      while (i < bytes.length && bytes[i] !== quote) i += bytes[i] === backslash ? 2 : 1;
    } else if (byte === 0x2c) values += 1;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      values += 1;
      if (depth > maxDepth) throw new OtlpError(`more than ${maxDepth} objects and lists within each other`, '', i);
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
    if (values > maxValues) throw new OtlpError(`more than ${maxValues} values`, '', i);
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Where in a JSON body the reader is, in the words of its keys. */
export class JsonPlace {
  readonly #parts: string[] = [];

  path(): string {
    return this.#parts.join('.');
  }

  fail(problem: string, key?: string): never {
    throw new OtlpError(problem, [...this.#parts, ...(key === undefined ? [] : [key])].join('.'), null);
  }

  /** The objects of a list; an absent one has none, as in protobuf. */
  *list(parent: JsonObject, key: string): Generator<JsonObject> {
    const list = parent[key];
    if (list === undefined || list === null) return;
    if (!Array.isArray(list)) this.fail(`a list is wanted, this is ${nameOf(list)}`, key);
    for (const [index, item] of list.entries()) {
      this.#parts.push(`${key}[${index}]`);
      yield this.#object(item);
      this.#parts.pop();
    }
  }

  /** An object; null where there is none. */
  within<T>(parent: JsonObject, key: string, read: (object: JsonObject) => T): T | null {
    const value = parent[key];
    if (value === undefined || value === null) return null;
    this.#parts.push(key);
    const result = read(this.#object(value));
    this.#parts.pop();
    return result;
  }

  text(parent: JsonObject, key: string): string {
    const value = parent[key];
    if (value === undefined || value === null) return '';
    return typeof value === 'string' ? value : this.fail(`a text is wanted, this is ${nameOf(value)}`, key);
  }

  /** 64 bits without a sign, as a number or as digits; 0 where there is none. */
  uint64(parent: JsonObject, key: string): bigint {
    const value = parent[key];
    if (value === undefined || value === null) return 0n;
    const found = wholeOf(value);
    if (found !== null && found >= 0n && found < 2n ** 64n) return found;
    return this.fail(`a whole number from 0 to 2^64 − 1 is wanted, this is ${shownValue(value)}`, key);
  }

  /** The bytes that hex digits say, into `into`; their number, also of those that found no room. */
  hex(parent: JsonObject, key: string, into: Uint8Array): number {
    const text = this.text(parent, key);
    if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text))
      this.fail(`hex digits are wanted, this is ${shownValue(text)}`, key);
    into.set(Buffer.from(text.slice(0, into.length * 2), 'hex'));
    return text.length / 2;
  }

  #object(value: unknown): JsonObject {
    return isObject(value) ? value : this.fail(`an object is wanted, this is ${nameOf(value)}`);
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A whole number as JSON has it: a number, or digits in a text. */
export function wholeOf(value: unknown): bigint | null {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : null;
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : null;
}

export function shownValue(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 48);
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
