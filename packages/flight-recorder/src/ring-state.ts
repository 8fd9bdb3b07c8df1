import { slotFlags } from '@rankscope/schema';
import { elementTypeName, opName, phaseName } from './code-names.ts';
import type { MlxMemoryBytes } from './flight-writer.ts';
import type { RingFile } from './ring-file.ts';
import {
  cellAt,
  cellBytes,
  cellCount,
  closedByOwner,
  gaugeAt,
  headerAt,
  headerBytes,
  stringsAt,
} from './ring-layout.ts';
import { readSlotText } from './slot-text.ts';
import { readU64, readU64OrNone } from './unsigned.ts';
import { readUuid } from './uuid-bytes.ts';

/** What somebody is inside of at this moment. */
export interface NowCell {
  /** 0 task loop, 1 engine, 2 parser. */
  readonly cell: number;
  readonly phase: string;
  readonly enteredAtNs: bigint;
  readonly deadlineNs: bigint | null;
  readonly op: string | null;
  readonly dtype: string | null;
  readonly group: number;
  readonly ordinal: number | null;
  readonly layer: number | null;
  readonly peer: number | null;
  readonly pointToPoint: boolean;
  readonly site: string | null;
  readonly siteCut: boolean;
  readonly commandId: string | null;
  readonly taskId: string | null;
}

export interface RingGauges extends MlxMemoryBytes {
  readonly atNs: bigint;
}

/** How full the string table is. */
export interface RingStrings {
  readonly bytes: number;
  readonly used: number;
  /** Entries whose text or attributes are not there as they were given, because they were too long or it was full. */
  readonly lost: number;
}

/** What the header says now. */
export interface RingState {
  /** Those that are not empty, by number. */
  readonly cells: readonly NowCell[];
  /** Cells that changed under every attempt to read them, or whose writer died in them. */
  readonly unreadableCells: readonly number[];
  readonly memory: RingGauges | null;
  /** Null in a file without one, or of which it was cut off. */
  readonly strings: RingStrings | null;
  readonly heartbeatNs: bigint | null;
  readonly loopNs: bigint | null;
  /** Null until its owner closed the ring. */
  readonly exitCode: number | null;
  /** Closed by its owner: the end was wanted. */
  readonly clean: boolean;
  /** Number of the next entry. */
  readonly next: number;
}

/** A cell that changes while it is read is read again, so often and then given up. */
const maxAttempts = 100;

export function readRingState(file: RingFile, next: number): RingState {
  const header = Buffer.alloc(headerBytes);
  const before = Buffer.alloc(headerBytes);
  const places = [
    headerAt.gauges,
    ...Array.from({ length: cellCount }, (_, cell) => headerAt.cells + cell * cellBytes),
  ];
  const unread = new Set(places);
  const stable = Buffer.alloc(headerBytes);
  for (let attempt = 0; attempt < maxAttempts && unread.size > 0; attempt += 1) {
    file.read(before, headerBytes, 0);
    file.read(header, headerBytes, 0);
    for (const at of unread) {
      const writing = readU64(header, at + cellAt.lock) % 2 === 1;
      if (writing || before.compare(header, at, at + cellBytes, at, at + cellBytes) !== 0) continue;
      header.copy(stable, at, at, at + cellBytes);
      unread.delete(at);
    }
  }
  const clean = (header.readUInt32LE(headerAt.exitFlags) & closedByOwner) !== 0;
  return {
    cells: places.slice(1).flatMap((at, cell) => (unread.has(at) ? [] : (readCell(stable, at, cell) ?? []))),
    unreadableCells: places.slice(1).flatMap((at, cell) => (unread.has(at) ? [cell] : [])),
    memory: unread.has(headerAt.gauges) ? null : readGauges(stable),
    strings: readStrings(file),
    heartbeatNs: timeOrNull(header, headerAt.heartbeat),
    loopNs: timeOrNull(header, headerAt.loop),
    exitCode: clean ? header.readInt32LE(headerAt.exitCode) : null,
    clean,
    next,
  };
}

function readCell(header: Buffer, at: number, cell: number): NowCell | null {
  const phase = header.readUInt8(at + cellAt.phase);
  if (phase === 0) return null;
  const flags = header.readUInt8(at + cellAt.flags);
  const layer = header.readInt16LE(at + cellAt.layer);
  const peer = header.readInt32LE(at + cellAt.peer);
  return {
    cell,
    phase: phaseName(phase),
    enteredAtNs: header.readBigUInt64LE(at + cellAt.enteredAt),
    deadlineNs: timeOrNull(header, at + cellAt.deadline),
    op: opName(header.readUInt8(at + cellAt.op)),
    dtype: elementTypeName(header.readUInt8(at + cellAt.dtype)),
    group: header.readUInt16LE(at + cellAt.group),
    ordinal: readU64OrNone(header, at + cellAt.ordinal),
    layer: layer === -1 ? null : layer,
    peer: peer === -1 ? null : peer,
    pointToPoint: (flags & slotFlags.pointToPoint) !== 0,
    site: readSlotText(header, at + cellAt.site),
    siteCut: (flags & slotFlags.textCut) !== 0,
    commandId: readUuid(header, at + cellAt.command),
    taskId: readUuid(header, at + cellAt.task),
  };
}

function readGauges(header: Buffer): RingGauges | null {
  const at = headerAt.gauges;
  if (readU64(header, at + gaugeAt.lock) === 0) return null;
  return {
    atNs: header.readBigUInt64LE(at + gaugeAt.time),
    active: readU64OrNone(header, at + gaugeAt.active),
    cache: readU64OrNone(header, at + gaugeAt.cache),
    peak: readU64OrNone(header, at + gaugeAt.peak),
    wiredLimit: readU64OrNone(header, at + gaugeAt.wiredLimit),
    source: readSlotText(header, at + gaugeAt.source) ?? '',
  };
}

function readStrings(file: RingFile): RingStrings | null {
  const { stringsOffset, stringsBytes: bytes } = file.header;
  if (bytes === 0) return null;
  const head = Buffer.alloc(16);
  if (file.readAsFarAsItGoes(head, head.length, stringsOffset) < head.length) return null;
  return { bytes, used: readU64(head, stringsAt.used), lost: readU64(head, stringsAt.lost) };
}

function timeOrNull(header: Buffer, offset: number): bigint | null {
  const time = header.readBigUInt64LE(offset);
  return time === 0n ? null : time;
}
