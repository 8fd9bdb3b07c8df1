import { maxClusterNodes, type NodeDiagnostics, parseTimestampUs } from '@rankscope/schema';
import { type ClockEstimate, type ClockReading, estimateClock } from '@rankscope/timeline';

/** What the questions to other nodes say of their clocks. */
export interface ClockBook {
  /** Called as the question goes out; what it returns is called with the answer, and says what is known by then. */
  ask(): (said: NodeDiagnostics, answeredAtMs: number) => ClockEstimate | undefined;
  /** Of every node that has answered, now. */
  all(): ReadonlyMap<string, ClockEstimate>;
}

/** One quick answer among so many bounds the clock well; older ones say little by the time there are more. */
const keptReadings = 16;

export function createClockBook(wallNs: () => bigint, nowMs: () => number = () => performance.now()): ClockBook {
  const readings = new Map<string, ClockReading[]>();
  const wallUs = () => Number(wallNs() / 1_000n);
  const estimateOf = (nodeId: string) => estimateClock(readings.get(nodeId) ?? [], wallUs()) ?? undefined;

  return {
    ask() {
      const askedUs = wallUs();
      const askedAtMs = nowMs();
      return ({ generatedAt, runtime: { nodeId, rankscopeVersion } }, answeredAtMs) => {
        // Ours writes the time as it answers. Others may answer from something older, and then it would bound nothing.
        if (rankscopeVersion === null) return undefined;
        // Times are cut to microseconds: one more to either side keeps the bound a bound.
        const answeredUs = askedUs + Math.ceil((answeredAtMs - askedAtMs) * 1_000) + 1;
        const said = { askedUs: askedUs - 1, answeredUs, saidUs: parseTimestampUs(generatedAt) };
        const known = readings.get(nodeId) ?? [];
        // Named anew each time, so that the first of the map is the one that has been silent for longest.
        readings.delete(nodeId);
        readings.set(nodeId, [...known, said].slice(-keptReadings));
        const [longestSilent] = readings.keys();
        if (readings.size > maxClusterNodes && longestSilent !== undefined) readings.delete(longestSilent);
        return estimateOf(nodeId);
      };
    },
    all: () => new Map([...readings.keys()].flatMap((nodeId) => named(nodeId, estimateOf(nodeId)))),
  };
}

function named(nodeId: string, estimate: ClockEstimate | undefined): [string, ClockEstimate][] {
  return estimate === undefined ? [] : [[nodeId, estimate]];
}
