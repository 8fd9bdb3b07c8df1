import type {
  ClusterAnalysis,
  ClusterTimeline,
  ClusterTimelineEntry,
  ClusterTimelineRunner,
  MlxMemorySnapshot,
} from '@rankscope/schema';
import { lastCollective, nodeOf, runnerOf, type Scribe, textOf, writeRank } from './story-rank.ts';

export interface Told {
  timeline: ClusterTimeline;
  analysis: ClusterAnalysis;
}

export interface StoryOptions {
  readonly ranks: number;
  /** Rank that never enters the last collective, or null when nobody hangs. */
  readonly missing: number | null;
  /** How long the others have been inside it. */
  readonly stuckSeconds: number;
  readonly nowMs: number;
  /** Ranks that exist and never reported, counted after the last. */
  readonly neverReported?: number;
  readonly deadRank?: number | undefined;
  readonly gapRank?: number;
  readonly unreachable?: readonly { nodeId: string; url: string | null; error: string }[];
}

export const instanceId = 'instance-1';
const modelId = 'tiny-llama';
const gibi = 1024 ** 3;

/** Thirty seconds of serving, then rank `missing` leaves 412 and does not come to 413. */
export function tellStory({
  ranks,
  missing,
  stuckSeconds,
  nowMs,
  neverReported = 0,
  deadRank,
  gapRank,
  unreachable = [],
}: StoryOptions): Told {
  const worldSize = ranks + neverReported;
  const stuckMs = Math.round(nowMs - stuckSeconds * 1000);
  const scribes = Array.from({ length: ranks }, (_, rank) =>
    writeRank(rank, worldSize, stuckMs, missing, deadRank === rank, gapRank === rank),
  );
  const runners = scribes.map((scribe, rank) =>
    runnerFacts(scribe, rank, worldSize, nowMs, stuckMs, missing, deadRank === rank),
  );
  const timeline = scribes
    .flatMap(({ entries }) => withMemory(entries, stuckMs))
    .sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
  const generatedAt = textOf(nowMs);
  return {
    timeline: {
      generatedAt,
      localNodeId: nodeOf(0),
      masterNodeId: nodeOf(0),
      runners,
      timeline,
      unreachableNodes: [...unreachable],
    },
    analysis: {
      generatedAt,
      localNodeId: nodeOf(0),
      masterNodeId: nodeOf(0),
      runners: runners.map((runner) => analysisOf(runner, scribes[runner.deviceRank], nowMs, stuckMs, missing)),
      clocks: [],
      instances: [
        {
          instanceId,
          modelId,
          worldSize,
          seenRanks: runners.map(({ deviceRank }) => deviceRank),
          missingRanks: Array.from({ length: neverReported }, (_, n) => ranks + n),
        },
      ],
      history: null,
      verdicts: [],
      attribution: [],
      nodes: [
        ...[...new Set(runners.map(({ nodeId }) => nodeId))].map((nodeId) => ({
          nodeId,
          url: `http://${nodeId}:52500`,
          reachable: true,
          error: null,
          roundTripMs: 3.1,
          friendlyName: nodeId.replace('node', 'studio'),
          version: '0.0.0',
        })),
        ...unreachable.map((node) => ({
          ...node,
          reachable: false,
          roundTripMs: null,
          friendlyName: null,
          version: null,
        })),
      ],
    },
  };
}

function snapshotAt(ms: number, activeGb: number): MlxMemorySnapshot {
  const size = (gb: number) => ({ inBytes: Math.round(gb * gibi) });
  return {
    generatedAt: textOf(ms),
    active: size(activeGb),
    cache: size(1.8),
    peak: size(22.6),
    wiredLimit: size(32),
    source: 'mlx',
  };
}

/** Every third second the recorder took a snapshot with an entry; loading fills the memory, decoding a little more. */
function withMemory(entries: readonly ClusterTimelineEntry[], stuckMs: number): ClusterTimelineEntry[] {
  let nextMs = 0;
  return entries.map((entry) => {
    const ms = Date.parse(entry.at);
    if (ms < nextMs) return entry;
    nextMs = ms + 3000;
    const activeGb = Math.min(21.9, 14 + Math.max(0, 30 - (stuckMs - ms) / 1000) * 0.5);
    return { ...entry, mlxMemory: snapshotAt(ms, activeGb) };
  });
}

function runnerFacts(
  scribe: Scribe,
  rank: number,
  worldSize: number,
  nowMs: number,
  stuckMs: number,
  missing: number | null,
  dead: boolean,
): ClusterTimelineRunner {
  return {
    nodeId: nodeOf(rank),
    runnerId: runnerOf(rank),
    instanceId,
    modelId,
    deviceRank: rank,
    worldSize,
    pid: 4100 + rank,
    processAlive: !dead,
    statusKind: dead ? 'RunnerFailed' : 'RunnerRunning',
    phase: dead ? 'error' : 'decode_stream',
    phaseDetail: dead || missing === null || missing === rank ? null : `all_sum ${lastCollective}`,
    secondsInPhase: (nowMs - stuckMs) / 1000,
    lastProgressAt: scribe.entries.at(-1)?.at ?? null,
    activeTaskId: null,
    activeCommandId: null,
    // A rank that hangs takes no snapshot.
    lastMlxMemory: snapshotAt(missing === null ? nowMs : stuckMs - 1000, 21.9),
  };
}

function analysisOf(
  runner: ClusterTimelineRunner,
  scribe: Scribe | undefined,
  nowMs: number,
  stuckMs: number,
  missing: number | null,
): ClusterAnalysis['runners'][number] {
  const { runnerId, nodeId, deviceRank, statusKind, processAlive } = runner;
  const seconds = (nowMs - stuckMs) / 1000;
  const inside = processAlive && missing !== null && missing !== deviceRank;
  return {
    runnerId,
    nodeId,
    instanceId,
    deviceRank,
    statusKind,
    attempt: 1,
    secondsSinceProgress: seconds,
    openSite: inside ? { op: 'all_sum', group: 0, barrierSeq: lastCollective, layer: 12, peer: null, seconds } : null,
    lastLeft: lastCollective - 1,
    ringFirstSeq: 1,
    ringLastSeq: scribe?.entries.length ?? 1,
    dropped: 0,
    torn: 0,
    secondsSinceHeartbeat: 0.4,
    secondsSinceLoop: 0.4,
    exitCode: null,
    exitSignal: processAlive ? null : 'SIGKILL',
    errorMessage: null,
    snapshotAt: textOf(nowMs),
    stale: false,
  };
}
