import type { DuckDBValue } from '@duckdb/node-api';
import { clipWord } from './clip-word.ts';
import { type SiteFrame, siteFrame } from './site-detail.ts';

/** What many entries have in common; the texts as positions in the book's words. */
export interface ShapeKey {
  phase: number;
  event: number;
  op: number;
  dtype: number;
  group: number;
  cell: number;
  layer: number;
  waitingOn: number;
  bytes: number;
}

/** A model of 100 layers over 64 ranks needs some thousands. A recorder that invents more makes the table larger. */
const maxShapes = 65_536;
const cells = 9;
const slots = maxShapes * 2;

/**
 * Numbers the shapes of an hour. A shape that was forgotten because there were too many gets a second number, which is
 * as good as the first. Numbers, not a joined text, are the key: it is looked up for every row.
 */
export class ShapeBook {
  #nextId: number;
  #words: string[] = [''];
  #wordOf = new Map<string, number>([['', 0]]);
  /** Open addressing: position of a shape, plus one. */
  #table = new Int32Array(slots);
  #keys = new Float64Array(cells * 256);
  #ids = new Uint32Array(256);
  #frames: (SiteFrame | null)[] = [];
  /** One of each wording, so that equal ones are the same. */
  readonly #wordings = new Map<string, SiteFrame>();
  #fresh: DuckDBValue[][] = [];

  constructor(nextId: number) {
    this.#nextId = nextId;
  }

  /** Words that were handed out before are void afterwards, if there were too many. */
  beginBatch(): void {
    if (this.#words.length < maxShapes) return;
    this.#words = [''];
    this.#wordOf = new Map([['', 0]]);
    this.#forget();
  }

  wordOf(given: string): number {
    const text = clipWord(given);
    const known = this.#wordOf.get(text);
    if (known !== undefined) return known;
    const word = this.#words.push(text) - 1;
    this.#wordOf.set(text, word);
    return word;
  }

  /** Position of the shape, until the next call; see {@link idAt} and {@link frameAt}. */
  find(key: ShapeKey): number {
    if (this.#frames.length === maxShapes) this.#forget();
    let slot = hashOf(key) & (slots - 1);
    for (let entry = this.#table[slot] ?? 0; entry !== 0; entry = this.#table[slot] ?? 0) {
      if (this.#equals(entry - 1, key)) return entry - 1;
      slot = (slot + 1) & (slots - 1);
    }
    return this.#add(key, slot);
  }

  idAt(position: number): number {
    return this.#ids[position] ?? 0;
  }

  frameAt(position: number): SiteFrame | null {
    return this.#frames[position] ?? null;
  }

  /** Rows for `shapes_N` since the last call. */
  takeFresh(): DuckDBValue[][] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  #forget(): void {
    this.#table.fill(0);
    this.#frames = [];
    this.#wordings.clear();
  }

  #equals(position: number, key: ShapeKey): boolean {
    const keys = this.#keys;
    const at = position * cells;
    return (
      keys[at] === key.phase &&
      keys[at + 1] === key.event &&
      keys[at + 2] === key.op &&
      keys[at + 3] === key.dtype &&
      keys[at + 4] === key.group &&
      keys[at + 5] === key.cell &&
      keys[at + 6] === key.layer &&
      keys[at + 7] === key.waitingOn &&
      keys[at + 8] === key.bytes
    );
  }

  #add(key: ShapeKey, slot: number): number {
    const position = this.#frames.length;
    if (position === this.#ids.length) this.#grow();
    const { phase, event, op, dtype, group, cell, layer, waitingOn, bytes } = key;
    this.#keys.set([phase, event, op, dtype, group, cell, layer, waitingOn, bytes], position * cells);
    this.#table[slot] = position + 1;
    const id = this.#nextId;
    this.#nextId += 1;
    this.#ids[position] = id;
    const text = (word: number) => this.#words[word] ?? '';
    this.#frames.push(this.#wordingOf(siteFrame({ op: text(op), group, layer, waitingOn })));
    this.#fresh.push([id, text(phase), text(event), text(op), text(dtype), group, cell, layer, waitingOn, bytes]);
    return position;
  }

  #wordingOf(frame: SiteFrame | null): SiteFrame | null {
    if (frame === null) return null;
    const key = `${frame.before}\u0000${frame.after}`;
    const known = this.#wordings.get(key) ?? frame;
    this.#wordings.set(key, known);
    return known;
  }

  #grow(): void {
    const keys = new Float64Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    const ids = new Uint32Array(this.#ids.length * 2);
    ids.set(this.#ids);
    this.#ids = ids;
  }
}

function hashOf(key: ShapeKey): number {
  let hash = key.phase + 0x9e37;
  hash = Math.imul(hash ^ key.event, 0x85ebca6b);
  hash = Math.imul(hash ^ key.op, 0xc2b2ae35);
  hash = Math.imul(hash ^ key.dtype, 0x27d4eb2f);
  hash = Math.imul(hash ^ key.group, 0x165667b1);
  hash = Math.imul(hash ^ key.cell, 0x85ebca6b);
  hash = Math.imul(hash ^ key.layer, 0xc2b2ae35);
  hash = Math.imul(hash ^ key.waitingOn, 0x27d4eb2f);
  hash = Math.imul(hash ^ key.bytes, 0x165667b1);
  return hash ^ (hash >>> 15);
}
