import {
  addEntry,
  type ClusterTimelineEntry,
  type EntryBatch,
  EntryBatchBuilder,
  type EntrySource,
  entryAt,
  formatTimestamp,
  NodeDiagnostics,
  type RecordedEntry,
} from '@rankscope/schema';
import type { EntryQuery, Tailed } from './entry-store.ts';

/** Entries as the tests of stores write them down. */
export const beginUs = 1_790_000_000_000_000;

export function recorder(runnerId: string, more: Partial<EntrySource> = {}): EntrySource {
  return {
    nodeId: 'node-a',
    runnerId,
    instanceId: 'instance-1',
    modelId: 'tiny',
    deviceRank: 0,
    worldSize: 2,
    attempt: 1,
    recorder: '',
    ...more,
  };
}

export interface StoredEntry extends Partial<Omit<RecordedEntry, 'at'>> {
  /** Microseconds after {@link beginUs}. */
  readonly us: number;
  /** Left out by a recorder that does not count. */
  readonly seq?: number;
}

export function entry({ us, seq, ...more }: StoredEntry): RecordedEntry {
  return {
    at: formatTimestamp(BigInt(beginUs + us) * 1_000n),
    phase: 'decode_stream',
    event: 'enter',
    detail: null,
    taskId: null,
    commandId: null,
    mlxMemory: null,
    ...more,
    attrs: { ...(seq !== undefined && { seq }), ...more.attrs },
  };
}

export function batchOf(...parts: readonly (readonly [EntrySource, readonly StoredEntry[]])[]): EntryBatch {
  const builder = new EntryBatchBuilder();
  for (const [source, entries] of parts) {
    const at = builder.source(source);
    for (const one of entries) addEntry(builder, at, entry(one));
  }
  return builder.build();
}

/** Numbers `from` to `to`, both in, ten microseconds apart. */
export function run(from: number, to: number): StoredEntry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({ seq: from + i, us: (from + i) * 10 }));
}

export function tailed(batch: EntryBatch, more: Partial<Tailed> = {}): Tailed {
  return { nodeId: 'node-a', batch, cursor: 'cursor', diagnostics: null, ...more };
}

export const everything: EntryQuery = {
  sinceUs: null,
  untilUs: null,
  nodeId: null,
  instanceId: null,
  runnerIds: null,
  taskId: null,
  commandId: null,
  limitPerRunner: 1_000_000,
};

export function entriesOf(batch: EntryBatch): ClusterTimelineEntry[] {
  return Array.from({ length: batch.rows }, (_, row) => entryAt(batch, row));
}

/** `runner-1 4` · `runner-1/supervisor 0`, in the order of the batch. */
export function numbersOf(batch: EntryBatch): string[] {
  return entriesOf(batch).map(
    ({ runnerId, attrs }) =>
      `${runnerId}${attrs.source === undefined ? '' : `/${String(attrs.source)}`} ${String(attrs.seq ?? '-')}`,
  );
}

export function wordsOf(nodeId: string, runnerIds: readonly string[], statusKind = 'RunnerRunning'): NodeDiagnostics {
  const at = formatTimestamp(BigInt(beginUs) * 1_000n);
  return NodeDiagnostics.parse({
    generatedAt: at,
    runtime: { nodeId, hostname: 'host', isMaster: false, cwd: '/' },
    resources: {},
    supervisorRunners: runnerIds.map((runnerId, rank) => ({
      runnerId,
      instanceId: 'instance-1',
      nodeId,
      modelId: 'tiny',
      deviceRank: rank,
      worldSize: runnerIds.length,
      startLayer: 0,
      endLayer: 1,
      nLayers: 1,
      processAlive: true,
      statusKind,
      statusSince: at,
      secondsInStatus: 1,
      phase: 'decode_barrier',
      phaseStartedAt: at,
      secondsInPhase: 1,
    })),
  });
}
