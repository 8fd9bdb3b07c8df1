import type { FlightEntry, NodeDiagnostics, RunnerSupervisorDiagnostics } from '@rankscope/schema';
import type { GatheredNode } from '@rankscope/timeline';

/** Remembers, per runner, which entries have been seen. */
export interface FreshEntries {
  /** The same nodes with only the entries that were not there the last time. */
  take(nodes: readonly GatheredNode[]): { nodes: GatheredNode[]; count: number };
}

interface Seen {
  /** Highest number per recorder of the runner: its own, its supervisor's. */
  readonly highest: Map<string, number>;
  /** Entries of recorders that do not number, as of the last time. */
  unnumbered: Set<string>;
}

export function createFreshEntries(): FreshEntries {
  const seen = new Map<string, Seen>();
  // Who keeps entries in memory brings the same ones with every look: a key is made once of each.
  const keys = new WeakMap<FlightEntry, string>();
  const keyOf = (entry: FlightEntry): string => {
    const key = keys.get(entry) ?? JSON.stringify(entry);
    keys.set(entry, key);
    return key;
  };

  const freshOf = (runner: RunnerSupervisorDiagnostics): FlightEntry[] => {
    const known = seen.get(runner.runnerId) ?? { highest: new Map<string, number>(), unnumbered: new Set<string>() };
    seen.set(runner.runnerId, known);
    const unnumbered = new Set<string>();
    const highest = new Map(known.highest);
    const fresh = runner.flightRecorder.filter((entry) => {
      const { seq, source } = entry.attrs;
      if (typeof seq !== 'number') {
        const key = keyOf(entry);
        unnumbered.add(key);
        return !known.unnumbered.has(key);
      }
      const recorder = String(source ?? '');
      highest.set(recorder, Math.max(seq, highest.get(recorder) ?? -1));
      return seq > (known.highest.get(recorder) ?? -1);
    });
    for (const [recorder, seq] of highest) known.highest.set(recorder, seq);
    known.unnumbered = unnumbered;
    return fresh;
  };

  return {
    take(nodes) {
      let count = 0;
      const onlyFresh = (said: NodeDiagnostics): NodeDiagnostics => {
        const supervisorRunners = said.supervisorRunners.map((runner) => {
          const flightRecorder = freshOf(runner);
          count += flightRecorder.length;
          return { ...runner, flightRecorder };
        });
        return { ...said, supervisorRunners };
      };
      const taken = nodes.map((node): GatheredNode => {
        if (node.kind === 'ok') return { ...node, diagnostics: onlyFresh(node.diagnostics) };
        return node.lastWords === undefined ? node : { ...node, lastWords: onlyFresh(node.lastWords) };
      });
      return { nodes: taken, count };
    },
  };
}
