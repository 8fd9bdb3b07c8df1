import {
  collectiveOps,
  elementTypes,
  flightEvents,
  flightKinds,
  nowCells,
  phaseFacts,
  slotFlags,
} from '@rankscope/schema';
import type { FlightRecord, MlxMemoryBytes, NowState } from './flight-writer.ts';
import { cellAt, gaugeAt, placeAt, placedTextBytes, slotAt, textBytes, writtenSeq } from './ring-layout.ts';
import { writeSlotText } from './slot-text.ts';
import type { StringTableWriter } from './string-table-writer.ts';
import { writeU64, writeU64OrNone } from './unsigned.ts';

/** Fills a slot with entry `number`, all but its time and its ids. Makes nothing, unless the entry needs the table. */
export function encodeSlot(slot: Buffer, number: number, entry: FlightRecord, strings: StringTableWriter): void {
  const cut = writeSlotText(slot, entry.detail ?? '', slotAt.text);
  const textFlags = cut || entry.attrs !== undefined ? encodeInTable(slot, entry, strings) : 0;
  writeU64(slot, writtenSeq(number), slotAt.seq);
  writeU64OrNone(slot, entry.barrierSeq, slotAt.barrierSeq);
  writeU64(slot, entry.a ?? 0, slotAt.a);
  writeU64(slot, entry.b ?? 0, slotAt.b);
  slot[slotAt.phase] = phaseFacts[entry.phase].code;
  slot[slotAt.kind] = flightKinds[entry.kind];
  slot[slotAt.op] = entry.op === undefined ? 0 : collectiveOps[entry.op];
  slot[slotAt.flags] =
    (entry.memory === undefined ? 0 : slotFlags.hasMemory) |
    textFlags |
    (entry.rare === true ? slotFlags.rare : 0) |
    (entry.pointToPoint === true ? slotFlags.pointToPoint : 0);
  slot.writeUInt16LE(flightEvents[entry.event], slotAt.event);
  slot.writeUInt16LE(entry.group ?? 0, slotAt.group);
  slot.writeInt16LE(entry.layer ?? -1, slotAt.layer);
  slot[slotAt.cell] = entry.cell ?? nowCells.taskLoop;
  slot[slotAt.dtype] = entry.dtype === undefined ? 0 : elementTypes[entry.dtype];
  slot.writeInt32LE(entry.peer ?? -1, slotAt.peer);
  writeU64(slot, writtenSeq(number), slotAt.seq2);
}

/** For a text that does not fit and for attributes: puts them into the table, and their place into the slot. */
function encodeInTable(slot: Buffer, { detail = '', attrs }: FlightRecord, strings: StringTableWriter): number {
  const { place, withAttrs, attrsLost } = strings.keep(detail, attrs, textBytes);
  const cut = writeSlotText(slot, detail, slotAt.text, place === 0 ? textBytes : placedTextBytes);
  if (place !== 0) slot.writeUInt32LE(place, slotAt.text + placeAt);
  return (
    (cut ? slotFlags.textCut : 0) |
    (place === 0 ? 0 : slotFlags.inTable) |
    (withAttrs ? slotFlags.hasAttrs : 0) |
    (attrsLost ? slotFlags.attrsLost : 0)
  );
}

/** Fills slot `position` of the memory ring with what belongs to entry `number`. */
export function encodeMemorySlot(
  slot: Buffer,
  position: number,
  number: number,
  timeNs: bigint,
  memory: MlxMemoryBytes,
): void {
  slot.fill(0);
  writeU64(slot, writtenSeq(position), slotAt.seq);
  slot.writeBigUInt64LE(timeNs, slotAt.time);
  writeU64(slot, number, slotAt.barrierSeq);
  writeU64OrNone(slot, memory.active, slotAt.a);
  writeU64OrNone(slot, memory.cache, slotAt.b);
  writeU64OrNone(slot, memory.peak, slotAt.peak);
  writeU64OrNone(slot, memory.wiredLimit, slotAt.wiredLimit);
  slot[slotAt.kind] = flightKinds.memory;
  slot.writeUInt16LE(flightEvents.memory, slotAt.event);
  slot.writeInt16LE(-1, slotAt.layer);
  slot.writeInt32LE(-1, slotAt.peer);
  writeSlotText(slot, memory.source, slotAt.text);
  writeU64(slot, writtenSeq(position), slotAt.seq2);
}

/** Fills a now-cell; all zero but its lock when nobody is inside. The ids are the caller's. */
export function encodeCell(cell: Buffer, lock: number, state: NowState | null, nowNs: bigint): void {
  cell.fill(0);
  writeU64(cell, lock, cellAt.lock);
  if (state === null) return;
  cell.writeBigUInt64LE(state.enteredAtNs ?? nowNs, cellAt.enteredAt);
  writeU64OrNone(cell, state.ordinal, cellAt.ordinal);
  cell[cellAt.phase] = phaseFacts[state.phase].code;
  cell[cellAt.op] = state.op === undefined ? 0 : collectiveOps[state.op];
  cell.writeUInt16LE(state.group ?? 0, cellAt.group);
  cell.writeInt16LE(state.layer ?? -1, cellAt.layer);
  cell.writeInt32LE(state.peer ?? -1, cellAt.peer);
  if (writeSlotText(cell, state.site ?? '', cellAt.site)) cell[cellAt.flags] = slotFlags.textCut;
}

/** Fills the header's memory gauges. */
export function encodeGauges(gauges: Buffer, lock: number, memory: MlxMemoryBytes, nowNs: bigint): void {
  gauges.fill(0);
  writeU64(gauges, lock, gaugeAt.lock);
  gauges.writeBigUInt64LE(nowNs, gaugeAt.time);
  writeU64OrNone(gauges, memory.active, gaugeAt.active);
  writeU64OrNone(gauges, memory.cache, gaugeAt.cache);
  writeU64OrNone(gauges, memory.peak, gaugeAt.peak);
  writeU64OrNone(gauges, memory.wiredLimit, gaugeAt.wiredLimit);
  writeSlotText(gauges, memory.source, gaugeAt.source);
}
