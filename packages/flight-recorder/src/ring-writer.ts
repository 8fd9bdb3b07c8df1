import { closeSync, writeSync } from 'node:fs';
import { createRingFile, defaultStringsBytes, placeRings } from './create-ring-file.ts';
import { encodeCell, encodeGauges, encodeMemorySlot, encodeSlot } from './encode-slot.ts';
import type { FlightRecord, FlightWriter, MlxMemoryBytes, NowState, RingIdentity, RingSizes } from './flight-writer.ts';
import { type RingClock, systemClock } from './ring-clock.ts';
import {
  cellAt,
  cellBytes,
  cellCount,
  closedByOwner,
  gaugeAt,
  headBytes,
  headEvery,
  headerAt,
  slotAt,
  slotBytes,
} from './ring-layout.ts';
import { StringTableWriter } from './string-table-writer.ts';
import { writeU64 } from './unsigned.ts';
import { uuidBytes, writeUuid } from './uuid-bytes.ts';

export const defaultRingSizes = {
  rareCount: 1024,
  memoryCount: 4096,
  mainCount: 65_536,
  stringsBytes: defaultStringsBytes,
} as const satisfies RingSizes;

/**
 * Opens a runner's ring file for writing, for runners without the native core.
 *
 * `record` is one synchronous `pwrite` of one slot. A message or a stream would leave with the event loop, and a rank
 * that hangs never gives the loop another turn: the record before the hang would be the one lost. The heads are written
 * once in {@link headEvery} entries, because a second write would cost as much as the first; readers look past them.
 */
export function openRingWriter(
  path: string,
  identity: RingIdentity,
  sizes: RingSizes = defaultRingSizes,
  clock = systemClock,
): FlightWriter {
  return new RingWriter(path, identity, sizes, clock);
}

/** A buffer of its own, so that 64-bit words can be stored without going byte by byte. */
function wordBuffer(bytes: number): { buffer: Buffer; words: BigUint64Array } {
  const memory = new ArrayBuffer(bytes);
  return { buffer: Buffer.from(memory), words: new BigUint64Array(memory) };
}

class RingWriter implements FlightWriter {
  readonly path: string;
  readonly #clock: RingClock;
  readonly #sizes: RingSizes;
  readonly #places: ReturnType<typeof placeRings>;
  readonly #slot = wordBuffer(slotBytes);
  readonly #memorySlot = Buffer.alloc(slotBytes);
  readonly #cell = Buffer.alloc(cellBytes);
  readonly #gauges = Buffer.alloc(gaugeAt.bytes);
  readonly #heads = Buffer.alloc(3 * headBytes);
  readonly #ids = Buffer.alloc(2 * uuidBytes);
  readonly #small = Buffer.alloc(8);
  readonly #strings: StringTableWriter;
  readonly #cellLocks: number[] = Array.from({ length: cellCount }, () => 0);
  #gaugeLock = 0;
  #next = 0;
  #rareNext = 0;
  #memoryNext = 0;
  #fd: number | null;

  constructor(path: string, identity: RingIdentity, sizes: RingSizes, clock: RingClock) {
    this.path = path;
    this.#sizes = sizes;
    this.#clock = clock;
    this.#places = placeRings(sizes);
    this.#fd = createRingFile(path, identity, sizes, clock);
    const { stringsOffset, stringsBytes } = this.#places;
    this.#strings = new StringTableWriter(stringsBytes, (bytes, length, offset) =>
      this.#write(bytes, length, stringsOffset + offset),
    );
  }

  record(entry: FlightRecord): void {
    const { buffer, words } = this.#slot;
    const number = this.#next++;
    const time = this.#clock.monotonicNs();
    if (entry.memory !== undefined) this.#recordMemory(number, time, entry.memory);
    encodeSlot(buffer, number, entry, this.#strings);
    words[slotAt.time / 8] = time;
    this.#write(buffer, slotBytes, this.#places.mainOffset + (number & (this.#sizes.mainCount - 1)) * slotBytes);
    if (entry.rare === true) {
      const position = this.#rareNext++ & (this.#sizes.rareCount - 1);
      this.#write(buffer, slotBytes, this.#places.rareOffset + position * slotBytes);
    }
    if (this.#next % headEvery === 0) this.#writeHeads();
  }

  now(cell: number, state: NowState | null): void {
    const lock = this.#cellLocks[cell];
    if (lock === undefined) throw new RangeError(`cell must be a whole number from 0 to ${cellCount - 1}, not ${cell}`);
    this.#cellLocks[cell] = lock + 2;
    encodeCell(this.#cell, lock + 2, state, this.#clock.monotonicNs());
    if (state !== null)
      this.#slot.buffer.copy(this.#cell, cellAt.command, slotAt.command, slotAt.command + 2 * uuidBytes);
    this.#write(this.#cell, cellBytes, headerAt.cells + cell * cellBytes);
  }

  setTask(ids: { readonly taskId: string; readonly commandId: string } | null): void {
    const { buffer } = this.#slot;
    if (ids === null) {
      buffer.fill(0, slotAt.command, slotAt.command + 2 * uuidBytes);
      return;
    }
    writeUuid(this.#ids, ids.commandId, 0, 'commandId');
    writeUuid(this.#ids, ids.taskId, uuidBytes, 'taskId');
    this.#ids.copy(buffer, slotAt.command);
  }

  memory(bytes: MlxMemoryBytes): void {
    this.#gaugeLock += 2;
    encodeGauges(this.#gauges, this.#gaugeLock, bytes, this.#clock.monotonicNs());
    this.#write(this.#gauges, gaugeAt.bytes, headerAt.gauges);
  }

  loopBeat(): void {
    this.#small.writeBigUInt64LE(this.#clock.monotonicNs());
    this.#write(this.#small, 8, headerAt.loop);
  }

  close(exitCode: number): void {
    const fd = this.#fd;
    if (fd === null) return;
    this.#writeHeads();
    this.#small.writeInt32LE(exitCode, 0);
    this.#small.writeUInt32LE(closedByOwner, 4);
    this.#write(this.#small, 8, headerAt.exitCode);
    this.#fd = null;
    closeSync(fd);
  }

  #recordMemory(number: number, time: bigint, memory: MlxMemoryBytes): void {
    const position = this.#memoryNext++;
    encodeMemorySlot(this.#memorySlot, position, number, time, memory);
    const at = this.#places.memoryOffset + (position & (this.#sizes.memoryCount - 1)) * slotBytes;
    this.#write(this.#memorySlot, slotBytes, at);
  }

  #writeHeads(): void {
    writeU64(this.#heads, this.#next, 0);
    writeU64(this.#heads, this.#rareNext, headBytes);
    writeU64(this.#heads, this.#memoryNext, 2 * headBytes);
    this.#write(this.#heads, this.#heads.length, headerAt.mainHead);
  }

  #write(buffer: Buffer, length: number, position: number): void {
    if (this.#fd === null) throw new Error(`ring file ${this.path} is closed`);
    const written = writeSync(this.#fd, buffer, 0, length, position);
    if (written !== length) throw new Error(`ring file ${this.path} took ${written} of ${length} bytes`);
  }
}
