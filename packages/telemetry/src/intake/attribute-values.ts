import { attributeCount, lastIdentityCode } from './attribute-names.ts';

export const valueKinds = { none: 0, text: 1, number: 2, other: 3 } as const;

/**
 * What the attributes that we read say, of one span or one resource: no object an attribute, and used again for the
 * next. Where a name stands twice the later one counts.
 */
export class AttributeValues {
  /** One of the spans's own says whose it is. */
  hasIdentity = false;
  /** All attributes that were there, also those that nobody reads. */
  count = 0;
  readonly #kinds = new Uint8Array(attributeCount);
  /** Position in the request's texts, for `text`. */
  readonly #texts = new Int32Array(attributeCount);
  readonly #numbers = new Float64Array(attributeCount);
  readonly #set = new Uint8Array(attributeCount);
  #setCount = 0;

  clear(): void {
    for (let i = 0; i < this.#setCount; i += 1) this.#kinds[this.#set[i] ?? 0] = valueKinds.none;
    this.#setCount = 0;
    this.hasIdentity = false;
    this.count = 0;
  }

  setText(code: number, text: number): void {
    this.#mark(code, valueKinds.text);
    this.#texts[code] = text;
  }

  setNumber(code: number, value: number): void {
    this.#mark(code, valueKinds.number);
    this.#numbers[code] = value;
  }

  /** A boolean, a list, bytes: something that none of our names takes. */
  setOther(code: number): void {
    this.#mark(code, valueKinds.other);
  }

  kind(code: number): number {
    return this.#kinds[code] ?? 0;
  }

  /** Only for `text`. */
  text(code: number): number {
    return this.#texts[code] ?? 0;
  }

  /** Only for `number`. */
  number(code: number): number {
    return this.#numbers[code] ?? 0;
  }

  #mark(code: number, kind: number): void {
    if (this.#kinds[code] === valueKinds.none) {
      this.#set[this.#setCount] = code;
      this.#setCount += 1;
    }
    this.#kinds[code] = kind;
    if (code <= lastIdentityCode) this.hasIdentity = true;
  }
}
