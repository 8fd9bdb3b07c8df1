/** Which node a runner was first heard of from. Recorders are told apart by their runner, so nobody may speak for another's. */
export interface RunnerOwners {
  ownerOf(runnerId: string): string | undefined;
  learn(runnerIds: Iterable<string>, nodeId: string): void;
}

/** Runners of some weeks. The oldest is forgotten first: its node has long removed its recorder. */
const maxRunners = 65_536;

export function createRunnerOwners(max = maxRunners): RunnerOwners {
  const owners = new Map<string, string>();
  return {
    ownerOf: (runnerId) => owners.get(runnerId),
    learn(runnerIds, nodeId) {
      for (const runnerId of runnerIds) {
        // Put in anew, so that those which are still heard of stay.
        owners.delete(runnerId);
        owners.set(runnerId, nodeId);
      }
      for (const runnerId of owners.keys()) {
        if (owners.size <= max) break;
        owners.delete(runnerId);
      }
    },
  };
}
