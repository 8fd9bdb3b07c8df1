import type { DuckDBValue } from '@duckdb/node-api';

/** Texts that come again and again are few; those that do not would only fill the memory. */
const maxKnown = 4096;
/** A text of many characters that came once is not worth the memory in case it comes again. */
const maxKnownLength = 256;

/**
 * A text lies in the table in parts of so many characters. DuckDB takes hold of the texts of 2,048 rows at once when it
 * commits, and would run out of its memory over a few that are long.
 */
const partLength = 4_096;
const highSurrogate = /[\ud800-\udbff]$/;

/** Parts that give the text when they are joined. No character is taken apart. */
function* partsOf(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const part = text.slice(from, from + partLength);
    const isTorn = from + part.length < text.length && highSurrogate.test(part);
    yield isTorn ? part.slice(0, -1) : part;
    from += part.length - Number(isTorn);
  }
}

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
    let part = 0;
    for (const piece of partsOf(text)) this.#fresh.push([id, part++, piece]);
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
