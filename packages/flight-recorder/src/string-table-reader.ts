import { crc32 } from 'node:zlib';
import { type Attrs, AttrValue } from '@rankscope/schema';
import type { RingFile } from './ring-file.ts';
import { stringsAt } from './ring-layout.ts';

/** What a record of the string table says. */
export interface TableRecord {
  readonly text: string;
  /** The text was longer than a record keeps. */
  readonly textCut: boolean;
  readonly attrs: Attrs | null;
  /** There were attributes that are none: another writer's mistake. */
  readonly attrsLost: boolean;
}

/**
 * The string table as a reader sees it. Records never change, so what was read whole is remembered; that is at most what
 * fits the table.
 */
export class StringTableReader {
  readonly #file: RingFile;
  readonly #head = Buffer.alloc(stringsAt.recordHead);
  readonly #known = new Map<number, TableRecord>();

  constructor(file: RingFile) {
    this.#file = file;
  }

  /** The record at `place`; null when none stands whole there, which a machine that lost power can leave behind. */
  at(place: number, withAttrs: boolean): TableRecord | null {
    const key = 2 * place + Number(withAttrs);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const record = this.#read(place * stringsAt.unit, withAttrs);
    if (record !== null) this.#known.set(key, record);
    return record;
  }

  #read(at: number, withAttrs: boolean): TableRecord | null {
    const { stringsOffset, stringsBytes } = this.#file.header;
    if (at < stringsAt.records || at + stringsAt.recordHead > stringsBytes) return null;
    if (!this.#fill(this.#head, stringsOffset + at)) return null;
    const said = this.#head.readUInt32LE(0);
    const length = said % stringsAt.cutLength;
    if (length === 0 || length > stringsAt.maxRecordBytes || at + stringsAt.recordHead + length > stringsBytes)
      return null;
    const bytes = Buffer.alloc(length);
    if (!this.#fill(bytes, stringsOffset + at + stringsAt.recordHead)) return null;
    if (crc32(bytes) !== this.#head.readUInt32LE(4)) return null;
    return decode(bytes, withAttrs, said >= stringsAt.cutLength);
  }

  /** False when the file was cut short: the slots before are still there, each with the beginning of its text. */
  #fill(buffer: Buffer, position: number): boolean {
    return this.#file.readAsFarAsItGoes(buffer, buffer.length, position) === buffer.length;
  }
}

function decode(bytes: Buffer, withAttrs: boolean, textCut: boolean): TableRecord {
  if (!withAttrs) return { text: bytes.toString(), textCut, attrs: null, attrsLost: false };
  const end = bytes.indexOf(0);
  const text = bytes.toString('utf8', end + 1);
  return { text, textCut, ...parseAttrs(bytes.toString('utf8', 0, Math.max(end, 0))) };
}

/** What is no attribute is left out and said to be; the others are as good as ever. */
function parseAttrs(json: string): Pick<TableRecord, 'attrs' | 'attrsLost'> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return { attrs: null, attrsLost: true };
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return { attrs: null, attrsLost: true };
  const all = Object.entries(parsed);
  const kept = all.flatMap(([name, value]): [string, AttrValue][] => {
    const attr = AttrValue.safeParse(value);
    return attr.success ? [[name, attr.data]] : [];
  });
  return { attrs: kept.length === 0 ? null : Object.fromEntries(kept), attrsLost: kept.length < all.length };
}
