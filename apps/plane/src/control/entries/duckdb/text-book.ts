import type { DuckDBValue } from '@duckdb/node-api';

/** Texts that come again and again are few; those that do not would only fill the memory. */
const maxKnown = 4096;
/** A text of many characters that came once is not worth the memory in case it comes again. */
const maxKnownLength = 256;

/** Numbers the texts of an hour. A text may have several numbers; no number stands for several texts. */
export class TextBook {
  #nextId: number;
  #idOf = new Map<string, number>();
  #fresh: DuckDBValue[][] = [];

  constructor(nextId: number) {
    this.#nextId = nextId;
  }

  idOf(text: string): number {
    const known = this.#idOf.get(text);
    if (known !== undefined) return known;
    const id = this.#nextId;
    this.#nextId += 1;
    this.#fresh.push([id, text]);
    if (text.length > maxKnownLength) return id;
    if (this.#idOf.size === maxKnown) this.#idOf = new Map();
    this.#idOf.set(text, id);
    return id;
  }

  /** Rows for `texts_N` since the last call. */
  takeFresh(): DuckDBValue[][] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}
