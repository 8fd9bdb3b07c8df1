import type { BatchTexts } from './batch-texts.ts';

const slots = 1024;
const maxLooks = 8;
const words = 4;
const uuidLength = 36;

/**
 * Trace ids as the command ids that they are, a UUID's text each, made once a batch for the traces at hand.
 */
export class CommandTexts {
  readonly #texts: BatchTexts;
  readonly #traces = new Uint32Array(slots * words);
  readonly #found = new Int32Array(slots);
  /** The text that is being made; where no digit is written there are dashes. */
  readonly #uuid = new DataView(new Uint8Array(uuidLength).fill(0x2d).buffer);

  constructor(texts: BatchTexts) {
    this.#texts = texts;
  }

  /** Texts of the last batch are gone. */
  clear(): void {
    this.#found.fill(0);
  }

  /** The position of the text for the trace whose 16 bytes lie at `at`. */
  ofTrace(ids: DataView, at: number): number {
    const a = ids.getUint32(at);
    const b = ids.getUint32(at + 4);
    const c = ids.getUint32(at + 8);
    const d = ids.getUint32(at + 12);
    let slot = (Math.imul(d ^ c, 0x9e_37_79_b1) ^ b ^ a) & (slots - 1);
    for (let looked = 0; looked < maxLooks; looked += 1, slot = (slot + 1) & (slots - 1)) {
      const found = this.#found[slot] ?? 0;
      const i = slot * words;
      if (found === 0) {
        this.#traces[i] = a;
        this.#traces[i + 1] = b;
        this.#traces[i + 2] = c;
        this.#traces[i + 3] = d;
        const made = this.#make(ids, at);
        this.#found[slot] = made;
        return made;
      }
      const known = this.#traces;
      if (known[i] === a && known[i + 1] === b && known[i + 2] === c && known[i + 3] === d) return found;
    }
    return this.#make(ids, at);
  }

  #make(ids: DataView, at: number): number {
    let out = 0;
    for (let i = 0; i < 16; i += 1) {
      const byte = ids.getUint8(at + i);
      if (i === 4 || i === 6 || i === 8 || i === 10) out += 1;
      this.#uuid.setUint8(out++, hexDigits[byte >>> 4] ?? 0);
      this.#uuid.setUint8(out++, hexDigits[byte & 15] ?? 0);
    }
    return this.#texts.ofView(this.#uuid, 0, uuidLength);
  }
}

const hexDigits = Buffer.from('0123456789abcdef');
