import type { RingEntry } from '@rankscope/flight-recorder';
import { type Attrs, type FlightEntry, formatTimestamp, type MlxMemorySnapshot } from '@rankscope/schema';
import { describeEntry, tellAttrs } from './entry-facts.ts';

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
  const told: [string, Attrs[string]][] = [['seq', entry.n]];
  const tell = (name: string, value: Attrs[string]) => void told.push([name, value]);
  tellAttrs(entry, dropped, { number: tell, text: tell, given: tell });
  tell('monoNs', entry.tMonoNs.toString());
  if (source !== null) tell('source', source);
  const attrs: Attrs = Object.fromEntries(told);
  const mlxMemory = entry.memory && memorySnapshot(at, entry.memory);
  return { at, phase, event, detail: describeEntry(entry), attrs, context: null, taskId, commandId, mlxMemory };
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
