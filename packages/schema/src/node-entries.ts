import { EntryBatchJson } from './entry-batch/batch-json.ts';
import { NodeDiagnostics, RunnerSupervisorDiagnostics } from './node-diagnostics.ts';
import { Timestamp } from './timestamp.ts';
import { z } from './zod.ts';

/** Most rows of one answer; whoever is further behind asks again at once. */
export const maxNodeEntryRows = 65_536;
/** Longest that a question may be held open. */
export const maxNodeEntryWaitMs = 10_000;

export const NodeEntriesQuery = z.strictObject({
  after: z
    .string()
    .max(65_536)
    .default('')
    .describe('cursor of the last answer; empty begins with the oldest entry that the recorders still hold'),
  waitMs: z.coerce
    .number<string | number>()
    .int()
    .min(0)
    .max(maxNodeEntryWaitMs)
    .default(0)
    .describe('hold the answer until there is an entry, at most so long'),
  limit: z.coerce.number<string | number>().int().min(1).max(maxNodeEntryRows).default(16_384),
});
export type NodeEntriesQuery = z.infer<typeof NodeEntriesQuery>;

/**
 * What stands beside the rows of an answer: the `meta` of the encoded batch (`application/vnd.rankscope.entries`), or the
 * keys next to `batch` when JSON was asked for.
 */
export const NodeEntriesHead = z
  .object({
    nodeId: z.string(),
    bootId: z.string().nullable(),
    generatedAt: Timestamp,
    /** Send it as `after` to go on behind the last row. Opaque; it survives both planes. */
    cursor: z.string(),
    /** More is there already. */
    more: z.boolean(),
    /** Entries that were overwritten before this reader came for them, per recorder, since its cursor. */
    dropped: z.array(z.object({ runnerId: z.string(), recorder: z.string(), count: z.int() })),
    /** Who the node is, so that whoever keeps its last words need not ask for it. */
    runtime: NodeDiagnostics.shape.runtime,
    /** Every runner of the node as its supervisor knows it now, without entries. */
    runners: z.array(RunnerSupervisorDiagnostics),
  })
  .meta({ id: 'NodeEntriesHead' });
export type NodeEntriesHead = z.infer<typeof NodeEntriesHead>;

/** The same in JSON. */
export const NodeEntriesAnswer = NodeEntriesHead.extend({ batch: EntryBatchJson }).meta({ id: 'NodeEntriesAnswer' });
export type NodeEntriesAnswer = z.infer<typeof NodeEntriesAnswer>;
