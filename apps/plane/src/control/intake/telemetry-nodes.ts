import { formatTimestamp, type NodeDiagnostics } from '@rankscope/schema';
import { describeTelemetryRunner } from '@rankscope/telemetry/intake';
import type { GatheredNode } from '@rankscope/timeline';
import type { LiveRows } from './live-rows.ts';
import type { LiveRunner } from './live-runner.ts';

export interface TelemetryNodesOptions {
  readonly nowUs: number;
  /** Newest entries of each rank. */
  readonly limit: number;
  readonly knowsRunner: (runnerId: string) => boolean;
  readonly expectsNode: (nodeId: string) => boolean;
  /** What has not gone well with telemetry in general; it stands beside the first node. */
  readonly warnings: readonly string[];
}

/** The ranks of whom only telemetry tells, as the nodes that they say they are on would tell of them. */
export function telemetryNodes(live: LiveRows, options: TelemetryNodesOptions): GatheredNode[] {
  const { nowUs, limit, knowsRunner } = options;
  live.forgetSilent(nowUs);
  const shown = [...live.runners.values()].filter(({ runnerId }) => !knowsRunner(runnerId));
  if (limit > 0 && shown.length > 0) live.make(limit);
  const byInstance = Map.groupBy(shown, ({ state }) => state.source.instanceId);
  const byPlace = Map.groupBy(shown, placeOf);
  const byNode = Map.groupBy(shown, ({ state }) => state.source.nodeId);
  return [...byNode].map(([nodeId, runners], index) => {
    const supervisorRunners = runners.map((runner) => {
      const peers = byInstance.get(runner.state.source.instanceId) ?? [];
      return describeTelemetryRunner(runner.state, {
        nowUs,
        superseded: byPlace.get(placeOf(runner))?.some((other) => takesPlaceOf(other, runner)) ?? false,
        worldSize: Math.max(...peers.map(({ state }) => state.source.worldSize)),
        flightRecorder: live.entriesOf(runner, limit),
      });
    });
    return pseudoNode(nodeId, supervisorRunners, { ...options, warnings: index === 0 ? options.warnings : [] });
  });
}

function placeOf({ state }: LiveRunner): string {
  return JSON.stringify([state.source.instanceId, state.source.deviceRank]);
}

/** First heard after the other was last heard: the rank's process was started anew. */
function takesPlaceOf({ state: later }: LiveRunner, { state: earlier }: LiveRunner): boolean {
  return later.firstHeardUs > earlier.heardUs;
}

function pseudoNode(
  nodeId: string,
  supervisorRunners: NodeDiagnostics['supervisorRunners'],
  { nowUs, expectsNode, warnings }: TelemetryNodesOptions,
): GatheredNode {
  // A node that should answer for itself and does not is unreachable, whatever its ranks still send.
  const name = expectsNode(nodeId) ? `${nodeId} (telemetry)` : nodeId;
  const diagnostics: NodeDiagnostics = {
    generatedAt: formatTimestamp(BigInt(nowUs) * 1_000n),
    runtime: {
      nodeId: name,
      hostname: nodeId,
      friendlyName: name,
      isMaster: false,
      masterNodeId: null,
      cwd: '',
      rankscopeVersion: null,
      bootId: null,
    },
    identity: null,
    resources: { currentMemory: null },
    processes: [],
    supervisorRunners,
    warnings: [...warnings],
  };
  return { kind: 'ok', nodeId: name, url: null, diagnostics, roundTripMs: null };
}
