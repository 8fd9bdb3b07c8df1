/** Spans that are remembered, at least: for the second coming of one that was open, or that was sent twice. */
const rememberedSpans = 65_536;
const slots = rememberedSpans * 2;
/** Both halves of the span's id, a mix of runner and trace, and the state. */
const words = 4;
/** Ids that were chosen to fall into one place cost no more than this many looks; such a span is not remembered. */
const maxLooks = 256;

export const spanState = { unseen: 0, open: 1, ended: 2 } as const;

interface Table {
  /** One byte of each key, 0 where nothing is: small enough to stay near the processor, and nearly always enough. */
  readonly tags: Uint8Array;
  readonly keys: Uint32Array;
}

const makeTable = (): Table => ({ tags: new Uint8Array(slots), keys: new Uint32Array(slots * words) });

/**
 * Which spans have been taken, by id, so that an open one and its end are one, and one that is delivered again is no
 * other. Two tables: when the younger is full it becomes the older, and what was the older is forgotten.
 *
 * The key is runner, trace and span together: ranks that seed their random numbers alike make the same span ids.
 */
export class SeenSpans {
  #young = makeTable();
  #old = makeTable();
  #count = 0;
  /** What the request at hand has changed: `slot * 2`, plus one where the span was there already, as open. */
  readonly #journal: number[] = [];
  #journalIsWhole = true;

  /** Begins a request: what came before stays. */
  begin(): void {
    this.#journal.length = 0;
    this.#journalIsWhole = true;
  }

  /** The request was not taken after all: its spans have not been seen. */
  rollBack(): void {
    if (!this.#journalIsWhole) {
      this.#young.tags.fill(0);
      this.#old.tags.fill(0);
      this.#count = 0;
    }
    for (let i = this.#journal.length - 1; this.#journalIsWhole && i >= 0; i -= 1) {
      const change = this.#journal[i] ?? 0;
      const slot = change >>> 1;
      if (change & 1) this.#young.keys[slot * words + 3] = spanState.open;
      else {
        this.#young.tags[slot] = 0;
        this.#count -= 1;
      }
    }
    this.begin();
  }

  /** What was known of the span; afterwards it is `state`, unless it has ended before. */
  see(runnerNo: number, trace: number, high: number, low: number, state: number): number {
    const mix = (trace ^ Math.imul(runnerNo, 0x9e_37_79_b1)) >>> 0;
    let hash = Math.imul(high ^ Math.imul(low, 0x85_eb_ca_6b), 0xc2_b2_ae_35) ^ mix;
    hash = Math.imul(hash ^ (hash >>> 15), 0x27_d4_eb_2f);
    hash ^= hash >>> 13;
    const slot = find(this.#young, hash, high, low, mix);
    if (slot < 0) return spanState.unseen;
    if (this.#young.tags[slot] !== 0) return this.#again(slot, state);
    const old = find(this.#old, hash, high, low, mix);
    const wasThere = old >= 0 && this.#old.tags[old] !== 0;
    const before = wasThere ? (this.#old.keys[old * words + 3] ?? spanState.unseen) : spanState.unseen;
    this.#young.tags[slot] = tagOf(hash);
    const at = slot * words;
    this.#young.keys[at] = high;
    this.#young.keys[at + 1] = low;
    this.#young.keys[at + 2] = mix;
    this.#young.keys[at + 3] = Math.max(before, state);
    this.#journal.push(slot * 2);
    this.#count += 1;
    if (this.#count === rememberedSpans) this.#turn();
    return before;
  }

  #again(slot: number, state: number): number {
    const known = this.#young.keys[slot * words + 3] ?? spanState.unseen;
    if (known === spanState.open && state === spanState.ended) {
      this.#young.keys[slot * words + 3] = state;
      this.#journal.push(slot * 2 + 1);
    }
    return known;
  }

  #turn(): void {
    const emptied = this.#old;
    this.#old = this.#young;
    emptied.tags.fill(0);
    this.#young = emptied;
    this.#count = 0;
    this.#journalIsWhole = false;
  }
}

const tagOf = (hash: number): number => (hash >>> 24) | 1;

/** Where the span stands in the table, or the empty place where it would; negative when there is none. */
function find({ tags, keys }: Table, hash: number, high: number, low: number, mix: number): number {
  const tag = tagOf(hash);
  let slot = hash & (slots - 1);
  for (let looked = 0; looked < maxLooks; looked += 1) {
    const found = tags[slot] ?? 0;
    if (found === 0) return slot;
    const at = slot * words;
    if (found === tag && keys[at] === high && keys[at + 1] === low && keys[at + 2] === mix) return slot;
    slot = (slot + 1) & (slots - 1);
  }
  return -1;
}
