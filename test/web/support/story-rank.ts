import type { AttrValue, ClusterTimelineEntry, RunnerPhase } from '@rankscope/schema';
import { formatTimestamp } from '@rankscope/schema';

export const lastCollective = 413;

export const textOf = (ms: number) => formatTimestamp(BigInt(Math.round(ms * 1000)) * 1000n);
export const runnerOf = (rank: number) => `runner-${rank}-c41f`;
export const nodeOf = (rank: number) => `node-${Math.floor(rank / 2) + 1}`;

/** One rank's entries, written forward from a start. */
export class Scribe {
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
      at: textOf(this.ms),
      nodeId: nodeOf(this.rank),
      runnerId: runnerOf(this.rank),
      deviceRank: this.rank,
      worldSize: this.worldSize,
      phase,
      event,
      detail,
      attrs: { seq: this.seq, ...attrs },
      taskId: null,
      commandId: null,
      mlxMemory: null,
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

/** Thirty seconds of a rank, up to the collective that it enters or not. */
export function writeRank(
  rank: number,
  worldSize: number,
  stuckMs: number,
  missing: number | null,
  dead: boolean,
  gap: boolean,
): Scribe {
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
  if (missing !== null && missing !== rank)
    scribe.put('decode_stream', 'collective_enter', { group: 0, barrierSeq: lastCollective, op: 'all_sum', layer: 12 });
  return scribe;
}
