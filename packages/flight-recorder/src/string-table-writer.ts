import { crc32 } from 'node:zlib';
import type { Attrs } from '@rankscope/schema';
import { stringsAt } from './ring-layout.ts';
import { writeU64 } from './unsigned.ts';

/** Puts bytes into the string table, at a distance from its beginning. */
export type WriteTable = (buffer: Buffer, length: number, offset: number) => void;

/** What became of a text and attributes that were to be kept. */
export interface Kept {
  /** Where the record lies, in units of 8 bytes from the beginning of the table; 0 when none was needed, or found room. */
  readonly place: number;
  /** The record begins with attributes. */
  readonly withAttrs: boolean;
  readonly attrsLost: boolean;
}

/** The TypeScript writer's half of the string table: what fits no slot is written once, and found again by its bytes. */
export class StringTableWriter {
  readonly #bytes: number;
  readonly #write: WriteTable;
  readonly #record = Buffer.alloc(stringsAt.recordHead + Math.ceil(stringsAt.maxRecordBytes / 8) * 8);
  readonly #head = Buffer.alloc(16);
  readonly #places = new Map<string, number>();
  #used: number = stringsAt.records;
  #lost = 0;

  /** `bytes` 0: there is no table, and nothing is kept. */
  constructor(bytes: number, write: WriteTable) {
    this.#bytes = bytes;
    this.#write = write;
  }

  /**
   * Keeps `text` when it is longer than `slotBytes`, and the attributes when there are any. The record is in the file
   * before its place is known, so a slot never points to one that is not whole.
   */
  keep(text: string, attrs: Attrs | undefined, slotBytes: number): Kept {
    const json = attrs === undefined ? '{}' : JSON.stringify(attrs);
    const anyAttrs = json !== '{}';
    const withAttrs = anyAttrs && Buffer.byteLength(json) <= stringsAt.maxAttrsBytes;
    const bytes = Buffer.byteLength(text);
    const place = withAttrs || bytes > slotBytes ? this.#placeOf(text, withAttrs ? json : null) : 0;
    const kept = { place, withAttrs: withAttrs && place !== 0, attrsLost: anyAttrs && !(withAttrs && place !== 0) };
    const textLost = bytes > (place === 0 ? slotBytes : stringsAt.maxTextBytes);
    if (kept.attrsLost || textLost) this.#countLost();
    return kept;
  }

  #placeOf(text: string, json: string | null): number {
    const length = this.#encode(text, json);
    const key = this.#record.toString('latin1', 0, stringsAt.recordHead + length);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const needed = stringsAt.recordHead + Math.ceil(length / 8) * 8;
    if (this.#used + needed > this.#bytes) return 0;
    const at = this.#used;
    this.#write(this.#record, needed, at);
    this.#used += needed;
    this.#writeHead();
    this.#places.set(key, at / stringsAt.unit);
    return at / stringsAt.unit;
  }

  /** Makes the record: its head, the attributes and a NUL, the text, zeros up to a whole word. Says how long without. */
  #encode(text: string, json: string | null): number {
    const record = this.#record;
    const body = stringsAt.recordHead;
    const attrsLength = json === null ? 0 : record.write(`${json}\0`, body);
    // Never splits a character; what is longer in UTF-16 than the table keeps in bytes need not be looked at further.
    const start = text.slice(0, stringsAt.maxTextBytes + 1);
    const kept = record.write(start, body + attrsLength, stringsAt.maxTextBytes);
    const length = attrsLength + kept;
    record.fill(0, body + length, body + Math.ceil(length / 8) * 8);
    const cut = Buffer.byteLength(start) > kept ? stringsAt.cutLength : 0;
    record.writeUInt32LE(length + cut, 0);
    record.writeUInt32LE(crc32(record.subarray(body, body + length)), 4);
    return length;
  }

  #countLost(): void {
    if (this.#bytes === 0) return;
    this.#lost += 1;
    this.#writeHead();
  }

  #writeHead(): void {
    writeU64(this.#head, this.#used, stringsAt.used);
    writeU64(this.#head, this.#lost, stringsAt.lost);
    this.#write(this.#head, this.#head.length, 0);
  }
}
