import type { RingSlot } from '@rankscope/flight-recorder';
import type { AttrValue, EntryBatchBuilder } from '@rankscope/schema';
import { type AttrSink, describeEntry, type NumberAttr, type TextAttr, tellAttrs } from './entry-facts.ts';

export interface EntryRowsOptions {
  readonly builder: EntryBatchBuilder;
  /** Position of the recorder in the builder's sources. */
  readonly source: number;
  readonly clock: MonotonicToWall;
}

/** Writes slots of one recorder as rows; each row reads back (`entryAt`) as the same entry that `wireEntry` makes. */
export function createEntryRows({ builder, source, clock }: EntryRowsOptions): EntryRows {
  return new EntryRows(builder, source, clock);
}

/**
 * Texts are looked up in the batch as seldom as can be: those of codes once a code, ids and sites only when they are
 * others than in the row before. Of what a row costs, looking up its seven texts was more than half.
 */
class EntryRows {
  readonly #builder: EntryBatchBuilder;
  readonly #source: number;
  readonly #clock: MonotonicToWall;
  readonly #sink: ColumnSink;
  readonly #phases: number[] = [];
  readonly #events: number[] = [];
  readonly #taskId: LastText;
  readonly #commandId: LastText;
  readonly #site = new LastSite();

  constructor(builder: EntryBatchBuilder, source: number, clock: MonotonicToWall) {
    this.#builder = builder;
    this.#source = source;
    this.#clock = clock;
    this.#sink = new ColumnSink(builder);
    this.#taskId = new LastText(builder);
    this.#commandId = new LastText(builder);
  }

  /** `dropped`: numbers that are missing right before this one. */
  add(slot: RingSlot, dropped: number): void {
    const builder = this.#builder;
    const row = builder.row();
    const { columns } = builder;
    const { timeHigh, timeLow, memory, phaseCode, eventCode } = slot;
    const atUs = this.#clock.wallUs(timeHigh, timeLow);
    columns.source[row] = this.#source;
    columns.seq[row] = slot.n;
    columns.atUs[row] = atUs;
    columns.phase[row] = this.#phases[phaseCode] ??= builder.text(slot.phase);
    columns.event[row] = this.#events[eventCode] ??= builder.text(slot.event);
    columns.detail[row] = this.#detail(slot);
    columns.taskId[row] = this.#taskId.position(slot.taskId);
    columns.commandId[row] = this.#commandId.position(slot.commandId);
    this.#sink.begin(row);
    tellAttrs(slot, dropped, this.#sink);
    if (timeHigh < 2 ** 31) {
      columns.monoHigh[row] = timeHigh;
      columns.monoLow[row] = timeLow;
    } else this.#sink.rest('monoNs', String((BigInt(timeHigh) << 32n) + BigInt(timeLow)));
    this.#sink.end();
    if (memory === null) return;
    columns.memoryAtUs[row] = atUs;
    columns.memoryActive[row] = memory.active ?? -1;
    columns.memoryCache[row] = memory.cache ?? -1;
    columns.memoryPeak[row] = memory.peak ?? -1;
    columns.memoryWiredLimit[row] = memory.wiredLimit ?? -1;
    columns.memorySource[row] = builder.text(memory.source);
  }

  /** Leaving a collective is said of the same site as entering it. */
  #detail(slot: RingSlot): number {
    if (slot.hasText) return this.#builder.text(describeEntry(slot));
    return this.#site.isSame(slot)
      ? this.#site.position
      : this.#site.set(slot, this.#builder.text(describeEntry(slot)));
  }
}

class LastText {
  readonly #builder: EntryBatchBuilder;
  #text: string | null = null;
  #position = 0;

  constructor(builder: EntryBatchBuilder) {
    this.#builder = builder;
  }

  position(text: string | null): number {
    if (text !== this.#text) {
      this.#text = text;
      this.#position = this.#builder.text(text);
    }
    return this.#position;
  }
}

class LastSite {
  position = 0;
  #op: string | null = null;
  #barrierSeq: number | null = null;
  #layer: number | null = null;
  #peer: number | null = null;
  #group = 0;
  #pointToPoint = false;

  isSame({ op, barrierSeq, layer, peer, group, pointToPoint }: RingSlot): boolean {
    if (op !== this.#op || op === null) return op === this.#op;
    return (
      barrierSeq === this.#barrierSeq &&
      layer === this.#layer &&
      peer === this.#peer &&
      group === this.#group &&
      pointToPoint === this.#pointToPoint
    );
  }

  set({ op, barrierSeq, layer, peer, group, pointToPoint }: RingSlot, position: number): number {
    this.position = position;
    this.#op = op;
    this.#barrierSeq = barrierSeq;
    this.#layer = layer;
    this.#peer = peer;
    this.#group = group;
    this.#pointToPoint = pointToPoint;
    return position;
  }
}

class ColumnSink implements AttrSink {
  readonly #builder: EntryBatchBuilder;
  readonly #texts: Readonly<Record<TextAttr, LastText>>;
  #row = 0;
  #rest: Record<string, AttrValue> | null = null;

  constructor(builder: EntryBatchBuilder) {
    this.#builder = builder;
    this.#texts = { op: new LastText(builder), dtype: new LastText(builder) };
  }

  begin(row: number): void {
    this.#row = row;
    this.#rest = null;
  }

  number(name: NumberAttr, value: number): void {
    // A column takes a number below zero for none.
    if (value >= 0) this.#builder.columns[name][this.#row] = value;
    else this.rest(name, value);
  }

  text(name: TextAttr, value: string): void {
    this.#builder.columns[name][this.#row] = this.#texts[name].position(value);
  }

  given(name: string, value: AttrValue): void {
    this.rest(name, value);
  }

  /** What no column can hold. */
  rest(name: string, value: AttrValue): void {
    // Without a prototype, so that every name is a key like any other.
    this.#rest ??= Object.create(null) as Record<string, AttrValue>;
    this.#rest[name] = value;
  }

  end(): void {
    if (this.#rest !== null) this.#builder.columns.attrs[this.#row] = this.#builder.text(JSON.stringify(this.#rest));
  }
}

/** 2^32 ns, split into whole microseconds and nanoseconds. */
const highUs = 4_294_967;
const highRestNs = 296;

/**
 * Turns a monotonic time in two halves into wall-clock microseconds, exactly and without a bigint a row. Wall time is
 * monotonic time plus a difference that does not change (see the clock of `daemon`), so one question is enough.
 */
export class MonotonicToWall {
  readonly #differenceUs: number;
  readonly #differenceRestNs: number;

  constructor(wallAtNs: (monoNs: bigint) => bigint) {
    const differenceNs = wallAtNs(0n);
    const rest = ((differenceNs % 1_000n) + 1_000n) % 1_000n;
    this.#differenceRestNs = Number(rest);
    this.#differenceUs = Number((differenceNs - rest) / 1_000n);
  }

  wallUs(high: number, low: number): number {
    const restNs = high * highRestNs + low + this.#differenceRestNs;
    return high * highUs + Math.floor(restNs / 1_000) + this.#differenceUs;
  }
}
