import type { NowCell, RingEntry } from '@rankscope/flight-recorder';
import {
  type Attrs,
  entryAttrs,
  type FlightEntry,
  formatTimestamp,
  type MlxMemorySnapshot,
  nowCells,
} from '@rankscope/schema';

export interface WireOptions {
  readonly wallAtNs: (monoNs: bigint) => bigint;
  readonly source: 'supervisor' | null;
  /** Numbers that are missing right before this entry. */
  readonly dropped: number;
}

/** One slot of a recorder → one entry as it crosses the wire. */
export function wireEntry(entry: RingEntry, { wallAtNs, source, dropped }: WireOptions): FlightEntry {
  const at = formatTimestamp(wallAtNs(entry.tMonoNs));
  const { phase, event, taskId, commandId } = entry;
  const own = { ...siteAttrs(entry), ...progressAttrs(entry), ...givenAttrs(entry) };
  const attrs = { seq: entry.n, ...own, monoNs: entry.tMonoNs.toString() };
  if (entry.cell !== nowCells.taskLoop) Object.assign(attrs, { cell: entry.cell });
  if (dropped > 0) Object.assign(attrs, { dropped });
  if (source !== null) Object.assign(attrs, { source });
  const mlxMemory = entry.memory && memorySnapshot(at, entry.memory);
  return { at, phase, event, detail: detailOf(entry), attrs, context: null, taskId, commandId, mlxMemory };
}

interface MemoryBytes {
  readonly active: number | null;
  readonly cache: number | null;
  readonly peak: number | null;
  readonly wiredLimit: number | null;
  readonly source: string;
}

export function memorySnapshot(generatedAt: string, bytes: MemoryBytes): MlxMemorySnapshot {
  const memory = (inBytes: number | null) => (inBytes === null ? null : { inBytes });
  return {
    generatedAt,
    active: memory(bytes.active),
    cache: memory(bytes.cache),
    peak: memory(bytes.peak),
    wiredLimit: memory(bytes.wiredLimit),
    source: bytes.source,
  };
}

/** `all_sum 413, layer 12` · `recv 88 from rank 0`; null outside of a collective. */
export function describeSite(
  site: Pick<NowCell, 'op' | 'ordinal' | 'layer' | 'peer' | 'pointToPoint' | 'group'>,
): string | null {
  const { op, ordinal, layer, peer, pointToPoint, group } = site;
  if (op === null) return null;
  const number = ordinal === null ? '' : ` ${ordinal}`;
  const partner = pointToPoint && peer !== null ? ` ${op === 'send' ? 'to' : 'from'} rank ${peer}` : '';
  const where = `${group === 0 ? '' : `, group ${group}`}${layer === null ? '' : `, layer ${layer}`}`;
  return `${op}${number}${partner}${where}`;
}

function detailOf(entry: RingEntry): string | null {
  if (entry.text !== null && entry.text !== '') return entry.textCut ? `${entry.text}…` : entry.text;
  return describeSite({ ...entry, ordinal: entry.barrierSeq });
}

function siteAttrs({ op, group, barrierSeq, layer, a, b, dtype, pointToPoint, peer }: RingEntry): Attrs {
  if (op === null) return layer === null ? {} : { layer };
  return {
    group,
    op,
    ...(barrierSeq !== null && { barrierSeq }),
    ...(layer !== null && { layer }),
    bytes: a,
    ...(dtype !== null && { dtype }),
    evalSeq: b,
    ...(pointToPoint && peer !== null && { waitingOn: peer }),
  };
}

/**
 * What the runner said beyond its slot. A name that is ours is left out: nobody may claim another number or thread for an
 * entry than its slot has.
 */
function givenAttrs({ attrs, attrsLost }: RingEntry): Attrs {
  if (attrs === null) return attrsLost ? { attrsLost } : {};
  const given = Object.entries(attrs);
  const kept = given.filter(([name]) => !Object.hasOwn(entryAttrs, name));
  const lost = attrsLost || kept.length < given.length;
  return { ...Object.fromEntries(kept), ...(lost && { attrsLost: true }) };
}

function progressAttrs({ event, op, a, b }: RingEntry): Attrs {
  return event === 'progress' && op === null ? { chunkIndex: a, chunkTotal: b } : {};
}
