import { type Attrs, slotFlags } from '@rankscope/schema';
import { elementTypeName, eventName, opName, phaseName } from './code-names.ts';
import type { MlxMemoryBytes } from './flight-writer.ts';
import { type BesideSlots, decodeSlot, type RingEntry } from './ring-entry.ts';
import { slotAt } from './ring-layout.ts';
import { readSlotText } from './slot-text.ts';
import { readU64, readU64OrNone } from './unsigned.ts';
import { readUuid, uuidBytes } from './uuid-bytes.ts';

/** Flags whose meaning is known here. A slot with another one is decoded whole, so that what it adds is not passed over. */
const knownFlags = slotFlags.hasMemory | slotFlags.textCut | slotFlags.rare | slotFlags.pointToPoint;

/** What of an entry is read straight from its slot, under the entry's own names. */
export type SlotFacts = Omit<RingEntry, 'tMonoNs' | 'kind' | 'rare'>;

/**
 * One whole slot, read in place. Entries by the ten thousand a second are counted and turned into columns, and making
 * an object with its texts for each would cost more than all the rest. Valid only until its visitor returns.
 */
export class RingSlot implements SlotFacts {
  n = 0;
  #slots: Buffer = Buffer.alloc(0);
  #at = 0;
  readonly #beside: BesideSlots;
  readonly #command = new RememberedId();
  readonly #task = new RememberedId();

  constructor(beside: BesideSlots) {
    this.#beside = beside;
  }

  moveTo(slots: Buffer, offset: number, n: number): this {
    this.#slots = slots;
    this.#at = offset;
    this.n = n;
    return this;
  }

  /** CLOCK_MONOTONIC nanoseconds in two halves: as one number it would lose digits, as a bigint it would be made anew. */
  get timeHigh(): number {
    return this.#slots.readUInt32LE(this.#at + slotAt.time + 4);
  }
  get timeLow(): number {
    return this.#slots.readUInt32LE(this.#at + slotAt.time);
  }
  get phaseCode(): number {
    return this.#byte(slotAt.phase);
  }
  get phase(): string {
    return phaseName(this.phaseCode);
  }
  get eventCode(): number {
    return this.#slots.readUInt16LE(this.#at + slotAt.event);
  }
  get event(): string {
    return eventName(this.eventCode);
  }
  get op(): string | null {
    return opName(this.#byte(slotAt.op));
  }
  get dtype(): string | null {
    return elementTypeName(this.#byte(slotAt.dtype));
  }
  get group(): number {
    return this.#slots.readUInt16LE(this.#at + slotAt.group);
  }
  get barrierSeq(): number | null {
    return readU64OrNone(this.#slots, this.#at + slotAt.barrierSeq);
  }
  get layer(): number | null {
    const layer = this.#slots.readInt16LE(this.#at + slotAt.layer);
    return layer === -1 ? null : layer;
  }
  get peer(): number | null {
    const peer = this.#slots.readInt32LE(this.#at + slotAt.peer);
    return peer === -1 ? null : peer;
  }
  get a(): number {
    return readU64(this.#slots, this.#at + slotAt.a);
  }
  get b(): number {
    return readU64(this.#slots, this.#at + slotAt.b);
  }
  get cell(): number {
    return this.#byte(slotAt.cell);
  }
  get hasText(): boolean {
    return !this.isPlain || this.#byte(slotAt.text) !== 0;
  }
  get text(): string | null {
    return this.isPlain ? readSlotText(this.#slots, this.#at + slotAt.text) : this.entry().text;
  }
  get textCut(): boolean {
    return this.isPlain ? this.#has(slotFlags.textCut) : this.entry().textCut;
  }
  get attrs(): Attrs | null {
    return this.isPlain ? null : this.entry().attrs;
  }
  get attrsLost(): boolean {
    return !this.isPlain && this.entry().attrsLost;
  }
  get pointToPoint(): boolean {
    return this.#has(slotFlags.pointToPoint);
  }
  get commandId(): string | null {
    return this.#command.read(this.#slots, this.#at + slotAt.command);
  }
  get taskId(): string | null {
    return this.#task.read(this.#slots, this.#at + slotAt.task);
  }
  get memory(): MlxMemoryBytes | null {
    return this.#has(slotFlags.hasMemory) ? this.#beside.memoryOf(this.n) : null;
  }

  /** The slot says nothing but what its fixed fields say. */
  get isPlain(): boolean {
    return (this.#byte(slotAt.flags) & ~knownFlags) === 0;
  }

  /** The slot as an entry of its own, to be kept. */
  entry(): RingEntry {
    return decodeSlot(this.#slots, this.#at, this.n, this.#beside);
  }

  #byte(at: number): number {
    return this.#slots[this.#at + at] ?? 0;
  }

  #has(flag: number): boolean {
    return (this.#byte(slotAt.flags) & flag) !== 0;
  }
}

/** A rank stays in one task for thousands of entries, so its id is made into text once and then compared. */
class RememberedId {
  readonly #bytes = Buffer.alloc(uuidBytes);
  #text: string | null = null;

  read(slots: Buffer, offset: number): string | null {
    if (this.#differs(slots, offset)) {
      slots.copy(this.#bytes, 0, offset, offset + uuidBytes);
      this.#text = readUuid(slots, offset);
    }
    return this.#text;
  }

  #differs(slots: Buffer, offset: number): boolean {
    for (let i = 0; i < uuidBytes; i += 4) {
      if (slots.readUInt32LE(offset + i) !== this.#bytes.readUInt32LE(i)) return true;
    }
    return false;
  }
}
