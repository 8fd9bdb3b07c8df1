import { type Attrs, slotFlags } from '@rankscope/schema';
import { elementTypeName, eventName, kindName, opName, phaseName } from './code-names.ts';
import type { MlxMemoryBytes } from './flight-writer.ts';
import { placeAt, slotAt } from './ring-layout.ts';
import { readSlotText } from './slot-text.ts';
import type { TableRecord } from './string-table-reader.ts';
import { readU64, readU64OrNone } from './unsigned.ts';
import { readUuid } from './uuid-bytes.ts';

/** One entry as it was read. Codes we do not know are `phase_<n>`, `event_<n>`, `op_<n>`; numbers past 2^53 − 1 are clamped. */
export interface RingEntry {
  readonly n: number;
  readonly tMonoNs: bigint;
  readonly phase: string;
  readonly kind: string;
  readonly event: string;
  readonly op: string | null;
  readonly dtype: string | null;
  readonly group: number;
  readonly barrierSeq: number | null;
  readonly layer: number | null;
  readonly peer: number | null;
  readonly a: number;
  readonly b: number;
  readonly cell: number;
  readonly text: string | null;
  /** There is more of the text than `text`. */
  readonly textCut: boolean;
  readonly attrs: Attrs | null;
  /** The writer had attributes that found no room. */
  readonly attrsLost: boolean;
  readonly rare: boolean;
  readonly pointToPoint: boolean;
  readonly commandId: string | null;
  readonly taskId: string | null;
  /** Null: none was taken, or the memory ring no longer has it. */
  readonly memory: MlxMemoryBytes | null;
}

/** What lies beside the slots. Each is asked only for entries that say that there is something. */
export interface BesideSlots {
  memoryOf(n: number): MlxMemoryBytes | null;
  recordAt(place: number, withAttrs: boolean): TableRecord | null;
}

/** Reads the slot at `offset`, which must be whole. */
export function decodeSlot(slots: Buffer, offset: number, n: number, beside: BesideSlots): RingEntry {
  const flags = slots.readUInt8(offset + slotAt.flags);
  const layer = slots.readInt16LE(offset + slotAt.layer);
  const peer = slots.readInt32LE(offset + slotAt.peer);
  return {
    n,
    tMonoNs: slots.readBigUInt64LE(offset + slotAt.time),
    phase: phaseName(slots.readUInt8(offset + slotAt.phase)),
    kind: kindName(slots.readUInt8(offset + slotAt.kind)),
    event: eventName(slots.readUInt16LE(offset + slotAt.event)),
    op: opName(slots.readUInt8(offset + slotAt.op)),
    dtype: elementTypeName(slots.readUInt8(offset + slotAt.dtype)),
    group: slots.readUInt16LE(offset + slotAt.group),
    barrierSeq: readU64OrNone(slots, offset + slotAt.barrierSeq),
    layer: layer === -1 ? null : layer,
    peer: peer === -1 ? null : peer,
    a: readU64(slots, offset + slotAt.a),
    b: readU64(slots, offset + slotAt.b),
    cell: slots.readUInt8(offset + slotAt.cell),
    ...readDetail(slots, offset + slotAt.text, flags, beside),
    rare: (flags & slotFlags.rare) !== 0,
    pointToPoint: (flags & slotFlags.pointToPoint) !== 0,
    commandId: readUuid(slots, offset + slotAt.command),
    taskId: readUuid(slots, offset + slotAt.task),
    memory: (flags & slotFlags.hasMemory) === 0 ? null : beside.memoryOf(n),
  };
}

/** The text and attributes of a slot: from the table when the record stands whole there, else what the slot has. */
function readDetail(
  slots: Buffer,
  at: number,
  flags: number,
  { recordAt }: BesideSlots,
): Pick<RingEntry, 'text' | 'textCut' | 'attrs' | 'attrsLost'> {
  const withAttrs = (flags & slotFlags.hasAttrs) !== 0;
  const record = (flags & slotFlags.inTable) === 0 ? null : recordAt(slots.readUInt32LE(at + placeAt), withAttrs);
  const attrsLost = (flags & slotFlags.attrsLost) !== 0;
  if (record === null) {
    const textCut = (flags & slotFlags.textCut) !== 0;
    return { text: readSlotText(slots, at), textCut, attrs: null, attrsLost: attrsLost || withAttrs };
  }
  const { text, textCut, attrs } = record;
  return { text: text === '' ? null : text, textCut, attrs, attrsLost: attrsLost || record.attrsLost };
}

/** Reads a slot of the memory ring. */
export function decodeMemorySlot(
  slots: Buffer,
  offset: number,
): { readonly entry: number; readonly memory: MlxMemoryBytes } {
  return {
    entry: readU64(slots, offset + slotAt.barrierSeq),
    memory: {
      active: readU64OrNone(slots, offset + slotAt.a),
      cache: readU64OrNone(slots, offset + slotAt.b),
      peak: readU64OrNone(slots, offset + slotAt.peak),
      wiredLimit: readU64OrNone(slots, offset + slotAt.wiredLimit),
      source: readSlotText(slots, offset + slotAt.text) ?? '',
    },
  };
}
