import { addEntry, type EntryBatch, EntryBatchBuilder, entryAt, formatTimestamp } from '@rankscope/schema';

/** A row of a test: who wrote it, its number, when, and for which task. */
export interface FixtureRow {
  readonly runnerId: string;
  readonly recorder?: string;
  /** Null: the recorder does not count. */
  readonly seq: number | null;
  readonly atUs: number;
  readonly taskId?: string | null;
  readonly nodeId?: string;
}

export function batchOf(rows: readonly FixtureRow[]): EntryBatch {
  const builder = new EntryBatchBuilder();
  for (const { runnerId, recorder = '', seq, atUs, taskId = null, nodeId = 'n' } of rows) {
    const who = {
      nodeId,
      runnerId,
      instanceId: `i of ${nodeId}`,
      modelId: 'm',
      deviceRank: 0,
      worldSize: 1,
      attempt: 1,
    };
    addEntry(builder, builder.source({ ...who, recorder }), {
      at: formatTimestamp(BigInt(atUs) * 1_000n),
      phase: 'idle',
      event: 'status',
      detail: null,
      attrs: { ...(seq !== null && { seq }), ...(recorder !== '' && { source: recorder }) },
      taskId,
      commandId: null,
      mlxMemory: null,
    });
  }
  return builder.build();
}

/** `runner/recorder number` of every row. */
export function namesOf(batch: EntryBatch): string[] {
  return Array.from({ length: batch.rows }, (_, row) => {
    const { runnerId, attrs } = entryAt(batch, row);
    return `${runnerId}/${String(attrs.source ?? '')} ${String(attrs.seq ?? '-')}`;
  });
}
