import type { ClusterTimelineEntry } from '@rankscope/schema';
import { createInstantReader } from './instant.ts';

export interface TimedEntry {
  readonly us: number;
  readonly seq: number;
  readonly entry: ClusterTimelineEntry;
}

/** (time, node, rank, seq). Where even these agree the order of arrival stays: a sort here must be stable. */
export function compareTimed(a: TimedEntry, b: TimedEntry): number {
  return (
    a.us - b.us ||
    compareText(a.entry.nodeId, b.entry.nodeId) ||
    a.entry.deviceRank - b.entry.deviceRank ||
    a.seq - b.seq ||
    compareText(a.entry.runnerId, b.entry.runnerId)
  );
}

export function timed(entries: readonly ClusterTimelineEntry[]): TimedEntry[] {
  const instant = createInstantReader();
  return entries.map((entry) => ({ us: instant(entry.at), seq: seqOf(entry), entry }));
}

/** The recorder's number; −1 where the recorder does not count. */
export function seqOf(entry: { readonly attrs: ClusterTimelineEntry['attrs'] }): number {
  return typeof entry.attrs.seq === 'number' ? entry.attrs.seq : -1;
}

/** By code unit, the same on every machine: a locale's order would differ between planes. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
