import type { ClusterAnalysis, RunnerAnalysis } from '@rankscope/schema';
import { compareText } from './entry-order.ts';
import { canonicalTimestamp, createInstantReader } from './instant.ts';
import type { Answered, Silent } from './merge-nodes.ts';
import type { MergedRunner } from './merge-runners.ts';

/** No cluster has more ranks; a number from a broken node beyond it must not become a list of that length. */
const maxListedRanks = 4096;

/** What the published timeline has no place for. */
export function analyse(runners: readonly MergedRunner[], answered: readonly Answered[], silent: readonly Silent[]) {
  return {
    runners: runners.map(runnerAnalysis),
    instances: instances(runners),
    clocks: clocks(answered),
    nodes: nodes(answered, silent),
  };
}

function runnerAnalysis({ runner, diagnostics, stale }: MergedRunner): RunnerAnalysis {
  const { runnerId, nodeId, instanceId, deviceRank, statusKind, exitCode, rankscope } = runner;
  const identity = { runnerId, nodeId, instanceId, deviceRank: Math.max(0, deviceRank), statusKind, exitCode };
  const snapshotAt = canonicalTimestamp(diagnostics.generatedAt);
  if (rankscope !== null)
    return { ...identity, ...rankscope, attempt: Math.max(1, rankscope.attempt), snapshotAt, stale };
  return {
    ...identity,
    ...unknown,
    secondsSinceProgress: secondsBetween(runner.lastProgressAt, snapshotAt),
    snapshotAt,
    stale,
  };
}

/** What a foreign node does not tell. */
const unknown = {
  attempt: 1,
  openSite: null,
  lastLeft: null,
  ringFirstSeq: null,
  ringLastSeq: null,
  dropped: 0,
  torn: 0,
  secondsSinceHeartbeat: null,
  secondsSinceLoop: null,
  exitSignal: null,
  errorMessage: null,
} as const;

/** Both times are of one node's clock. */
function secondsBetween(from: string | null, to: string): number | null {
  if (from === null) return null;
  const instant = createInstantReader();
  return Math.max(0, (instant(to) - instant(from)) / 1e6);
}

function instances(runners: readonly MergedRunner[]): ClusterAnalysis['instances'] {
  const found = Map.groupBy(runners, ({ runner }) => runner.instanceId);
  return [...found]
    .map(([instanceId, members]) => {
      const worldSize = Math.min(maxListedRanks, Math.max(...members.map(({ runner }) => runner.worldSize)));
      const seen = new Set(members.map(({ runner }) => runner.deviceRank));
      const ranks = Array.from({ length: worldSize }, (_, rank) => rank);
      return {
        instanceId,
        modelId: members[0]?.runner.modelId ?? '',
        worldSize,
        seenRanks: [...seen].sort((a, b) => a - b),
        missingRanks: ranks.filter((rank) => !seen.has(rank)),
      };
    })
    .sort((a, b) => compareText(a.instanceId, b.instanceId));
}

/** A node that was heard twice is told by its narrower bound. */
function clocks(answered: readonly Answered[]): ClusterAnalysis['clocks'] {
  const known = answered.flatMap(({ nodeId, clock }) => (clock === undefined ? [] : [{ nodeId, ...clock }]));
  const narrowFirst = known.sort(
    (a, b) => compareText(a.nodeId, b.nodeId) || a.uncertaintySeconds - b.uncertaintySeconds,
  );
  return narrowFirst.filter(({ nodeId }, index) => nodeId !== narrowFirst[index - 1]?.nodeId);
}

function nodes(answered: readonly Answered[], silent: readonly Silent[]): ClusterAnalysis['nodes'] {
  const reached = [...Map.groupBy(answered, ({ nodeId }) => nodeId).values()].flatMap((reports) => reports.slice(0, 1));
  return [
    ...reached.map(({ nodeId, url, roundTripMs, diagnostics: { runtime } }) => ({
      nodeId,
      url,
      reachable: true,
      error: null,
      roundTripMs,
      friendlyName: runtime.friendlyName,
      version: runtime.rankscopeVersion,
    })),
    ...silent.map(({ nodeId, url, error, friendlyName, lastWords }) => ({
      nodeId,
      url,
      reachable: false,
      error,
      roundTripMs: null,
      friendlyName: friendlyName ?? lastWords?.runtime.friendlyName ?? null,
      version: lastWords?.runtime.rankscopeVersion ?? null,
    })),
  ].sort((a, b) => compareText(a.nodeId, b.nodeId) || compareText(a.url ?? '', b.url ?? ''));
}
