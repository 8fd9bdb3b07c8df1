import type { EntryBatch } from '@rankscope/schema';
import { type EntryColumn, entryColumnNames, entryColumns } from '@rankscope/schema/entry-columns';

const textColumns = entryColumnNames.filter((name) => entryColumns[name] === 'text');
const numberColumns = entryColumnNames.filter((name) => entryColumns[name] !== 'text' && name !== 'source');

/**
 * Prints of rows: equal for rows that are equal in everything. 53 bits, so that a print is a number: two different rows
 * share one once in 10^11 among those that are remembered.
 */
export function createRowPrinter({ columns, strings, sources }: EntryBatch) {
  const halves = new Float64Array(1);
  const bits = new Uint32Array(halves.buffer);
  const texts = new Map<number, readonly [number, number]>();
  const textPrint = (at: number) => {
    const known = texts.get(at);
    if (known) return known;
    const made = hashText(strings[at] ?? '');
    texts.set(at, made);
    return made;
  };
  const sourcePrints = sources.map(({ runnerId, recorder }) => hashText(`${recorder}\u0000${runnerId}`));
  return (row: number): number => {
    let [a, b] = sourcePrints[columns.source[row] ?? 0] ?? [0, 0];
    const mix = (x: number, y: number) => {
      a = Math.imul(a ^ x, 0x85ebca6b);
      a ^= a >>> 13;
      b = Math.imul(b ^ y, 0xc2b2ae35);
      b ^= b >>> 16;
    };
    for (const name of numberColumns) {
      halves[0] = numberOf(name, columns[name][row] ?? -1);
      mix(bits[0] ?? 0, bits[1] ?? 0);
      mix(bits[1] ?? 0, bits[0] ?? 0);
    }
    for (const name of textColumns) {
      const at = columns[name][row] ?? 0;
      const [x, y] = at === 0 ? [0, 0] : textPrint(at);
      mix(x, y);
    }
    return ((a >>> 0) & 0x1f_ffff) * 2 ** 32 + (b >>> 0);
  };
}

/** As it is kept: whole microseconds. */
function numberOf(name: EntryColumn, value: number): number {
  return name === 'atUs' ? Math.round(value) : value;
}

function hashText(text: string): readonly [number, number] {
  let a = 0x811c_9dc5 ^ text.length;
  let b = 0x9747_b28c;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x0100_0193);
    b = Math.imul(b ^ (code + i), 0x5bd1_e995);
    b ^= b >>> 15;
  }
  return [a, b];
}

/**
 * Of rows that no recorder numbered, as many are remembered as a collector may send again after it was away. A row that
 * comes a second time later than that is kept a second time.
 */
export const rememberedPrints = 65_536;

/** The newest prints. */
export class PrintWindow {
  readonly #held = new Set<number>();
  readonly #order = new Float64Array(rememberedPrints);
  #count = 0;

  /** False when it is held already. */
  add(print: number): boolean {
    if (this.#held.has(print)) return false;
    const slot = this.#count % rememberedPrints;
    if (this.#count >= rememberedPrints) this.#held.delete(this.#order[slot] ?? Number.NaN);
    this.#order[slot] = print;
    this.#held.add(print);
    this.#count += 1;
    return true;
  }
}
