/** Bytes of a text that are kept; a longer one is cut and ends in `…`. Ids are refused long before. */
export const maxTextBytes = 1024;
/** A table that grew beyond this for one request is given back after it. */
const keptSlots = 16_384;
const keptBytes = 1024 * 1024;
const firstSlots = 1024;
const firstBytes = 32 * 1024;
/**
 * Texts that were chosen to fall into one place cost no more than this many looks; then a text may stand twice, which
 * harms nobody.
 */
const maxLooks = 128;

/**
 * The texts of one batch, each once, found by their bytes: of a phase that a thousand spans have, one string is made.
 * Position 0 is the empty text. Used again for the next batch after `clear`.
 */
export class BatchTexts {
  #strings: string[] = [''];
  #slots = new Int32Array(firstSlots);
  #hashes = new Int32Array(firstSlots);
  /** The bytes of text n lie in `#bytes` from `#starts[n]` on. */
  #starts = new Int32Array(firstSlots);
  #lengths = new Int32Array(firstSlots);
  #used = 0;
  #bytes = viewOf(Buffer.alloc(firstBytes));

  at(text: number): string {
    return this.#strings[text] ?? '';
  }

  ofString(text: string): number {
    return this.ofView(viewOf(Buffer.from(text)), 0, Buffer.byteLength(text));
  }

  ofView(view: DataView, start: number, length: number): number {
    if (length === 0) return 0;
    const kept = length > maxTextBytes ? cutAtCharacter(view, start) : length;
    const hash = hashOf(view, start, kept);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask, looked = 0; looked < maxLooks; slot = (slot + 1) & mask, looked += 1) {
      const found = this.#slots[slot] ?? 0;
      if (found === 0) return this.#add(slot, hash, view, start, kept, kept < length);
      if (this.#hashes[slot] === hash && this.#lengths[found] === kept && this.#same(found, view, start, kept))
        return found;
    }
    return this.#strings.push(textOf(view, start, kept, kept < length)) - 1;
  }

  /** The texts so far, for the batch that takes them; afterwards there are none. */
  take(): string[] {
    const taken = this.#strings;
    this.clear();
    return taken;
  }

  clear(): void {
    this.#strings = [''];
    this.#used = 0;
    if (this.#slots.length <= keptSlots && this.#bytes.byteLength <= keptBytes) {
      this.#slots.fill(0);
      return;
    }
    this.#slots = new Int32Array(firstSlots);
    this.#hashes = new Int32Array(firstSlots);
    this.#starts = new Int32Array(firstSlots);
    this.#lengths = new Int32Array(firstSlots);
    this.#bytes = viewOf(Buffer.alloc(firstBytes));
  }

  #same(text: number, view: DataView, start: number, length: number): boolean {
    const from = this.#starts[text] ?? 0;
    let i = 0;
    for (; i + 4 <= length; i += 4) if (this.#bytes.getInt32(from + i) !== view.getInt32(start + i)) return false;
    for (; i < length; i += 1) if (this.#bytes.getUint8(from + i) !== view.getUint8(start + i)) return false;
    return true;
  }

  #add(slot: number, hash: number, view: DataView, start: number, length: number, cut: boolean): number {
    const text = this.#strings.push(textOf(view, start, length, cut)) - 1;
    while (text >= this.#starts.length) {
      this.#starts = grown(this.#starts);
      this.#lengths = grown(this.#lengths);
    }
    const from = this.#used;
    this.#used = from + length;
    while (this.#used > this.#bytes.byteLength) this.#bytes = viewOf(grownBytes(this.#bytes));
    for (let i = 0; i < length; i += 1) this.#bytes.setUint8(from + i, view.getUint8(start + i));
    this.#starts[text] = from;
    this.#lengths[text] = length;
    this.#slots[slot] = text;
    this.#hashes[slot] = hash;
    // At most half full, so that looking for a text that is not there stays short.
    if (text * 2 > this.#slots.length) this.#spread();
    return text;
  }

  #spread(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const hashes = new Int32Array(slots.length);
    const mask = slots.length - 1;
    for (let i = 0; i < this.#slots.length; i += 1) {
      const text = this.#slots[i] ?? 0;
      if (text === 0) continue;
      const hash = this.#hashes[i] ?? 0;
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = text;
      hashes[slot] = hash;
    }
    this.#slots = slots;
    this.#hashes = hashes;
  }
}

function hashOf(view: DataView, start: number, length: number): number {
  let hash = length;
  let i = start;
  const end = start + length;
  for (; i + 4 <= end; i += 4) hash = Math.imul(hash ^ view.getInt32(i), 0x9e_37_79_b1) ^ (hash >>> 15);
  for (; i < end; i += 1) hash = Math.imul(hash ^ view.getUint8(i), 0x85_eb_ca_6b) ^ (hash >>> 15);
  return hash ^ (hash >>> 13);
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textOf(view: DataView, start: number, length: number, cut: boolean): string {
  const text = Buffer.from(view.buffer, view.byteOffset + start, length).toString('utf8');
  return cut ? `${text}…` : text;
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

function grownBytes(view: DataView): Buffer {
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return Buffer.concat([bytes], bytes.length * 2);
}

/** The length to keep so that no character is cut in two. */
function cutAtCharacter(view: DataView, start: number): number {
  let length = maxTextBytes;
  while (length > 0 && (view.getUint8(start + length) & 0xc0) === 0x80) length -= 1;
  return length;
}
