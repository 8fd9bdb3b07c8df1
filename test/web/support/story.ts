import type { AttrValue, ClusterAnalysis, ClusterTimeline, ClusterTimelineEntry, ClusterTimelineRunner, RunnerPhase } from '@rankscope/schema';
import { formatTimestamp } from '@rankscope/schema';

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
  readonly deadRank?: number;
  readonly gapRank?: number;
  readonly unreachable?: readonly { nodeId: string; url: string | null; error: string }[];
}

export const instanceId = 'instance-1';
export const lastCollective = 413;
const modelId = 'tiny-llama';
const gibi = 1024 ** 3;

const at = (ms: number) => formatTimestamp(BigInt(Math.round(ms * 1000)) * 1000n);
const runnerOf = (rank: number) => `runner-${rank}-c41f`;
const nodeOf = (rank: number) => `node-${Math.floor(rank / 2) + 1}`;

/** One rank's entries, written forward from a start. */
class Scribe {
  readonly entries: ClusterTimelineEntry[] = [];
  ms: number;
  private seq = 0;
  private readonly rank: number;
  private readonly worldSize: number;

  constructor(rank: number, worldSize: number, startMs: number) {
    this.rank = rank;
    this.worldSize = worldSize;
    this.ms = startMs;
  }

  put(phase: RunnerPhase, event: string, attrs: Record<string, AttrValue> = {}, detail: string | null = null): void {
    this.seq += 1;
    this.entries.push({
      at: at(this.ms), nodeId: nodeOf(this.rank), runnerId: runnerOf(this.rank), deviceRank: this.rank, worldSize: this.worldSize,
      phase, event, detail, attrs: { seq: this.seq, ...attrs }, taskId: null, commandId: null, mlxMemory: null,
    });
  }

  during(phase: RunnerPhase, ms: number): void {
    this.put(phase, 'enter');
    this.ms += ms;
    this.put(phase, 'exit');
  }

  collective(phase: RunnerPhase, barrierSeq: number, layer: number, ms: number): void {
    const attrs = { group: 0, barrierSeq, op: 'all_sum', layer };
    this.put(phase, 'collective_enter', attrs);
    this.ms += ms;
    this.put(phase, 'collective_exit', attrs);
  }

  lose(count: number): void {
    this.seq += count;
  }
}

/** Thirty seconds of serving, then rank `missing` leaves 412 and does not come to 413. */
export function tellStory({ ranks, missing, stuckSeconds, nowMs, neverReported = 0, deadRank, gapRank, unreachable = [] }: StoryOptions): Told {
  const worldSize = ranks + neverReported;
  const stuckMs = Math.round(nowMs - stuckSeconds * 1000);
  const scribes = Array.from({ length: ranks }, (_, rank) => writeRank(rank, worldSize, stuckMs, missing, deadRank === rank, gapRank === rank));
  const runners = scribes.map((scribe, rank) => runnerFacts(scribe, rank, worldSize, nowMs, stuckMs, missing, deadRank === rank));
  const timeline = scribes.flatMap(({ entries }) => entries).sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
  const generatedAt = at(nowMs);
  return {
    timeline: { generatedAt, localNodeId: nodeOf(0), masterNodeId: nodeOf(0), runners, timeline, unreachableNodes: [...unreachable] },
    analysis: {
      generatedAt, localNodeId: nodeOf(0), masterNodeId: nodeOf(0),
      runners: runners.map((runner) => analysisOf(runner, scribes[runner.deviceRank], nowMs, stuckMs, missing)),
      instances: [{ instanceId, modelId, worldSize, seenRanks: runners.map(({ deviceRank }) => deviceRank), missingRanks: Array.from({ length: neverReported }, (_, n) => ranks + n) }],
      nodes: [
        ...[...new Set(runners.map(({ nodeId }) => nodeId))].map((nodeId) => ({ nodeId, url: `http://${nodeId}:52500`, reachable: true, error: null, roundTripMs: 3.1, friendlyName: nodeId.replace('node', 'studio'), version: '0.0.0' })),
        ...unreachable.map((node) => ({ ...node, reachable: false, roundTripMs: null, friendlyName: null, version: null })),
      ],
    },
  };
}

function writeRank(rank: number, worldSize: number, stuckMs: number, missing: number | null, dead: boolean, gap: boolean): Scribe {
  const lag = rank * 3;
  const scribe = new Scribe(rank, worldSize, stuckMs - 30_000 + lag);
  scribe.during('created', 300);
  scribe.during('connect_group', 1200 - lag);
  scribe.during('load_model', 4000);
  scribe.during('warmup', 1500);
  scribe.during('idle', 3000);
  scribe.during('task_submission', 1200);
  scribe.during('task_agreement', 1000 + (rank % 3) * 60);
  scribe.during('prompt_build', 1800 - (rank % 3) * 60);
  if (gap) {
    scribe.lose(40);
    scribe.ms += 1800;
  } else scribe.during('kv_cache_lookup', 1800);
  for (let chunk = 1; chunk <= 2; chunk += 1) {
    scribe.during('prefill_barrier', 900);
    scribe.during('prefill_pipeline', 1700);
    scribe.during('prefill_stream', 900);
  }
  scribe.during('decode_barrier', 400);
  scribe.during('decode_wait_first_token', 1100);
  const first = 353;
  const perTokenMs = (stuckMs - scribe.ms) / (lastCollective - first);
  for (let n = first; n < lastCollective; n += 1) {
    const startMs = scribe.ms;
    scribe.put('decode_stream', 'enter');
    scribe.ms += perTokenMs * 0.3;
    scribe.collective('decode_stream', n, n % 30, perTokenMs * 0.5);
    scribe.put('decode_stream', 'exit');
    scribe.during('decode_barrier', startMs + perTokenMs - scribe.ms);
  }
  if (dead) {
    scribe.put('error', 'error', {}, 'peer lost');
    return scribe;
  }
  scribe.put('decode_stream', 'enter');
  if (missing !== null && missing !== rank) scribe.put('decode_stream', 'collective_enter', { group: 0, barrierSeq: lastCollective, op: 'all_sum', layer: 12 });
  return scribe;
}

function runnerFacts(scribe: Scribe, rank: number, worldSize: number, nowMs: number, stuckMs: number, missing: number | null, dead: boolean): ClusterTimelineRunner {
  const size = (gb: number) => ({ inBytes: Math.round(gb * gibi) });
  return {
    nodeId: nodeOf(rank), runnerId: runnerOf(rank), instanceId, modelId, deviceRank: rank, worldSize, pid: 4100 + rank, processAlive: !dead,
    statusKind: dead ? 'RunnerFailed' : 'RunnerRunning', phase: dead ? 'error' : 'decode_stream',
    phaseDetail: dead || missing === null || missing === rank ? null : `all_sum ${lastCollective}`,
    secondsInPhase: (nowMs - stuckMs) / 1000, lastProgressAt: scribe.entries.at(-1)?.at ?? null, activeTaskId: null, activeCommandId: null,
    lastMlxMemory: { generatedAt: at(nowMs), active: size(21.9), cache: size(1.8), peak: size(22.6), wiredLimit: null, source: 'mlx' },
  };
}

function analysisOf(runner: ClusterTimelineRunner, scribe: Scribe | undefined, nowMs: number, stuckMs: number, missing: number | null): ClusterAnalysis['runners'][number] {
  const { runnerId, nodeId, deviceRank, statusKind, processAlive } = runner;
  const seconds = (nowMs - stuckMs) / 1000;
  const inside = processAlive && missing !== null && missing !== deviceRank;
  return {
    runnerId, nodeId, instanceId, deviceRank, statusKind, attempt: 1, secondsSinceProgress: seconds,
    openSite: inside ? { op: 'all_sum', group: 0, barrierSeq: lastCollective, layer: 12, peer: null, seconds } : null,
    lastLeft: lastCollective - 1, ringFirstSeq: 1, ringLastSeq: scribe?.entries.length ?? 1, dropped: 0, torn: 0,
    secondsSinceHeartbeat: 0.4, secondsSinceLoop: 0.4, exitCode: null, exitSignal: processAlive ? null : 'SIGKILL', errorMessage: null, snapshotAt: at(nowMs),
  };
}
