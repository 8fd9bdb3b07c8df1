import { maxClusterNodes, type NodeDiagnostics, parseTimestampUs } from '@rankscope/schema';
import { type ClockEstimate, type ClockReading, estimateClock } from '@rankscope/timeline';

/** What the questions to other nodes say of their clocks. */
export interface ClockBook {
  /** Called right before a question is handed to the network. */
  ask(): ClockQuestion;
  /** Of every node that has answered, now. */
  all(): ReadonlyMap<string, ClockEstimate>;
}

export interface ClockQuestion {
  /** Called as soon as it is handed over: its round trip is counted from before this moment. */
  sent(): void;
  /** What is known with this answer; undefined where it says nothing. */
  answered(said: NodeDiagnostics, roundTripMs: number): ClockEstimate | undefined;
}

/** One quick answer among so many bounds the clock well; older ones say little by the time there are more. */
const keptReadings = 16;

export function createClockBook(wallNs: () => bigint): ClockBook {
  const readings = new Map<string, ClockReading[]>();
  const wallUs = () => Number(wallNs() / 1_000n);
  const estimateOf = (nodeId: string) => estimateClock(readings.get(nodeId) ?? [], wallUs()) ?? undefined;
  const keep = (nodeId: string, reading: ClockReading) => {
    const known = readings.get(nodeId) ?? [];
    // Named anew each time, so that the first of the map is the one that has been silent for longest.
    readings.delete(nodeId);
    readings.set(nodeId, [...known, reading].slice(-keptReadings));
    const [longestSilent] = readings.keys();
    if (readings.size > maxClusterNodes && longestSilent !== undefined) readings.delete(longestSilent);
  };

  return {
    ask() {
      // Times are cut to microseconds: one more to either side keeps the bound a bound.
      const askedUs = wallUs() - 1;
      let sentUs = askedUs;
      return {
        sent: () => (sentUs = wallUs() + 1),
        answered({ generatedAt, runtime: { nodeId, rankscopeVersion } }, roundTripMs) {
          // Ours writes the time as it answers. Others may answer from something older, and then it would bound nothing.
          if (rankscopeVersion === null) return undefined;
          const answeredUs = sentUs + Math.ceil(roundTripMs * 1_000);
          keep(nodeId, { askedUs, answeredUs, saidUs: parseTimestampUs(generatedAt) });
          return estimateOf(nodeId);
        },
      };
    },
    all: () => new Map([...readings.keys()].flatMap((nodeId) => named(nodeId, estimateOf(nodeId)))),
  };
}

function named(nodeId: string, estimate: ClockEstimate | undefined): [string, ClockEstimate][] {
  return estimate === undefined ? [] : [[nodeId, estimate]];
}
