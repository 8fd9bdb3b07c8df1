import { type EntryBatch, entryAt, type FlightEntry, type NodeDiagnostics } from '@rankscope/schema';

/** What a node last said, with the entries that were kept of each of its runners, by time as it would have sent them. */
export function wordsWithEntries(words: NodeDiagnostics, batch: EntryBatch): NodeDiagnostics {
  const entries = Array.from({ length: batch.rows }, (_, row) => entryAt(batch, row));
  const byRunner = Map.groupBy(entries, ({ runnerId }) => runnerId);
  const supervisorRunners = words.supervisorRunners.map((runner) => {
    const own = byRunner.get(runner.runnerId) ?? [];
    const flightRecorder = own
      .map(({ at, phase, event, detail, attrs, taskId, commandId, mlxMemory }): FlightEntry => {
        return { at, phase, event, detail, attrs, context: null, taskId, commandId, mlxMemory };
      })
      // Times as we write them sort as text.
      .sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
    return { ...runner, flightRecorder };
  });
  return { ...words, supervisorRunners };
}
