import { type EntryBatch, entryAt, type FlightEntry, type NodeDiagnostics } from '@rankscope/schema';

/** A node's last words whole again: each of its runners with the entries that were kept of it, by time. */
export function nodeLastWords(said: NodeDiagnostics, batch: EntryBatch): NodeDiagnostics {
  const entriesOf = new Map<string, FlightEntry[]>();
  const byTime = Array.from({ length: batch.rows }, (_, row) => row).sort(
    (a, b) => (batch.columns.atUs[a] ?? 0) - (batch.columns.atUs[b] ?? 0),
  );
  for (const row of byTime) {
    const { runnerId, at, phase, event, detail, attrs, taskId, commandId, mlxMemory } = entryAt(batch, row);
    const entry = { at, phase, event, detail, attrs, context: null, taskId, commandId, mlxMemory };
    const known = entriesOf.get(runnerId);
    if (known) known.push(entry);
    else entriesOf.set(runnerId, [entry]);
  }
  const supervisorRunners = said.supervisorRunners.map((runner) => ({
    ...runner,
    flightRecorder: entriesOf.get(runner.runnerId) ?? [],
  }));
  return { ...said, supervisorRunners };
}
