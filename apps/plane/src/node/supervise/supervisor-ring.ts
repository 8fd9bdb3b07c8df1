import { openRingWriter } from '@rankscope/flight-recorder';
import { type Attrs, type FlightEvent, isRunnerPhase, type RunnerPhase } from '@rankscope/schema';
import { peekPhase } from './peek-ring.ts';
import type { RunnerFacts } from './runner.ts';

/** A supervisor says a dozen things of a runner, not thousands; each in one sentence. */
const supervisorSizes = { rareCount: 64, memoryCount: 16, mainCount: 256, stringsBytes: 64 * 1024 } as const;

/** What only a supervisor knows of a runner, kept in a file of its own: the runner's own record is never touched. */
export interface SupervisorRing {
  record(event: FlightEvent, detail: string, attrs?: Attrs): void;
  close(): void;
}

export function openSupervisorRing(facts: RunnerFacts): SupervisorRing {
  const { runnerId, nodeId, instanceId, modelId, rank, worldSize, attempt, bootId } = facts.assignment;
  const identity = { runnerId, nodeId, instanceId, modelId, rank, worldSize, attempt, bootId };
  const writer = openRingWriter(facts.supervisorRingPath, identity, supervisorSizes);
  return {
    record: (event, detail, attrs = {}) =>
      writer.record({ phase: lastPhase(facts.assignment.ringPath), kind: 'mark', event, detail, attrs, rare: true }),
    close: () => writer.close(0),
  };
}

/** The phase in which the runner was last seen: a supervisor adds a fact to it and claims no phase of its own. */
function lastPhase(ringPath: string): RunnerPhase {
  const phase = peekPhase(ringPath);
  return phase !== null && isRunnerPhase(phase) ? phase : 'created';
}
