import { slotFlags } from '@rankscope/schema';
import { elementTypeName, eventName, kindName, opName, phaseName } from './code-names.ts';
import type { MlxMemoryBytes } from './flight-writer.ts';
import { slotAt } from './ring-layout.ts';
import { readSlotText } from './slot-text.ts';
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
  readonly textCut: boolean;
  readonly rare: boolean;
  readonly pointToPoint: boolean;
  readonly commandId: string | null;
  readonly taskId: string | null;
  /** Null: none was taken, or the memory ring no longer has it. */
  readonly memory: MlxMemoryBytes | null;
}

/** Reads the slot at `offset`, which must be whole. `memoryOf` is asked only for entries that have a snapshot. */
export function decodeSlot(
  slots: Buffer,
  offset: number,
  n: number,
  memoryOf: (n: number) => MlxMemoryBytes | null,
): RingEntry {
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
    text: readSlotText(slots, offset + slotAt.text),
    textCut: (flags & slotFlags.textCut) !== 0,
    rare: (flags & slotFlags.rare) !== 0,
    pointToPoint: (flags & slotFlags.pointToPoint) !== 0,
    commandId: readUuid(slots, offset + slotAt.command),
    taskId: readUuid(slots, offset + slotAt.task),
    memory: (flags & slotFlags.hasMemory) === 0 ? null : memoryOf(n),
  };
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
