import {
  type FlightEntry,
  isRunnerPhase,
  type MlxMemorySnapshot,
  type OpenSite,
  type RunnerPhase,
  type RunnerStatusKind,
  type RunnerSupervisorDiagnostics,
} from '@rankscope/schema';
import type { OpenPhase, RunnerState } from './runner-fold.ts';
import { timeText } from './span-times.ts';

export interface DescribeOptions {
  /** By the receiver's clock. */
  readonly nowUs: number;
  /** Another process has taken the rank's place since it was last heard. */
  readonly superseded: boolean;
  /** Ranks of its instance, as far as they are known. */
  readonly worldSize: number;
  readonly flightRecorder: FlightEntry[];
}

/** Where a rank is that nobody but itself tells of, in the shape in which a node tells of its own. */
export function describeTelemetryRunner(state: RunnerState, options: DescribeOptions): RunnerSupervisorDiagnostics {
  const { source, open, memory } = state;
  const { nowUs, superseded, worldSize, flightRecorder } = options;
  const isDead = state.death !== null && state.newestUs <= state.death.atUs;
  const untilUs = isDead && state.death !== null ? state.death.atUs : superseded ? state.heardUs : nowUs;
  const phase = phaseOf(state, untilUs);
  const statusSinceUs = isDead ? untilUs : phase.startUs;
  return {
    runnerId: source.runnerId,
    instanceId: source.instanceId,
    nodeId: source.nodeId,
    modelId: source.modelId,
    deviceRank: source.deviceRank,
    worldSize,
    startLayer: 0,
    endLayer: 0,
    nLayers: 0,
    pid: null,
    processAlive: !isDead && !superseded,
    exitCode: null,
    statusKind: isDead ? 'RunnerFailed' : superseded ? 'RunnerShutdown' : statusOf(phase.name),
    statusSince: timeText(statusSinceUs),
    secondsInStatus: secondsBetween(statusSinceUs, nowUs),
    phase: phase.name,
    phaseStartedAt: timeText(phase.startUs),
    secondsInPhase: secondsBetween(phase.startUs, phase.endUs),
    lastProgressAt: state.newestUs < 0 ? null : timeText(state.newestUs),
    activeTaskId: innermost(open, ({ taskId }) => taskId),
    activeCommandId: innermost(open, ({ commandId }) => commandId),
    phaseDetail: phase.detail,
    lastMlxMemory: memory === null ? null : memoryOf(memory),
    flightRecorder,
    pendingTaskIds: [],
    completedTaskCount: state.completed,
    cancelledTaskIds: [],
    rankscope: {
      attempt: source.attempt,
      secondsSinceProgress: state.newestUs < 0 ? null : secondsBetween(state.newestUs, nowUs),
      openSite: siteOf(open, untilUs),
      lastLeft: state.lastLeft < 0 ? null : state.lastLeft,
      ringFirstSeq: null,
      ringLastSeq: null,
      dropped: 0,
      torn: 0,
      // That telemetry came is no sign of a watchdog: a batch may come from a rank that has long been stopped.
      secondsSinceHeartbeat: null,
      secondsSinceLoop: null,
      exitSignal: null,
      errorMessage: isDead ? (state.death?.reason ?? 'its supervisor reported it lost') : null,
    },
  };
}

interface PhaseNow {
  readonly name: string;
  readonly startUs: number;
  readonly endUs: number;
  readonly detail: string | null;
}

/**
 * The innermost phase that is open. A rank that sends spans only when they have ended has none: then the last that it
 * left, and no time is counted after it, because nobody knows where the rank has been since.
 */
function phaseOf({ open, last, firstHeardUs }: RunnerState, untilUs: number): PhaseNow {
  const inner = open.at(-1);
  if (inner !== undefined)
    return { name: inner.phase, startUs: inner.sinceUs, endUs: untilUs, detail: describeSite(inner) ?? inner.detail };
  if (last !== null)
    return { name: last.phase, startUs: last.startUs, endUs: last.endUs, detail: `left at ${timeText(last.endUs)}` };
  return { name: 'created', startUs: firstHeardUs, endUs: untilUs, detail: null };
}

function innermost<T>(open: readonly OpenPhase[], pick: (phase: OpenPhase) => T | null): T | null {
  for (const phase of open.toReversed()) {
    const found = pick(phase);
    if (found !== null) return found;
  }
  return null;
}

function siteOf(open: readonly OpenPhase[], nowUs: number): OpenSite | null {
  const site = open.findLast(({ barrierSeq, op }) => barrierSeq !== null && op !== null);
  if (site === undefined || site.op === null || site.barrierSeq === null) return null;
  const { op, group, barrierSeq, layer, peer, sinceUs } = site;
  return { op, group, barrierSeq, layer, peer, seconds: secondsBetween(sinceUs, nowUs) };
}

/** `all_sum 413, layer 12` · `recv 88 from rank 0`; null outside of a collective. */
function describeSite({ op, barrierSeq, peer, group, layer }: OpenPhase): string | null {
  if (op === null) return null;
  const number = barrierSeq === null ? '' : ` ${barrierSeq}`;
  const partner = peer === null ? '' : ` ${op === 'send' ? 'to' : 'from'} rank ${peer}`;
  return `${op}${number}${partner}${group === 0 ? '' : `, group ${group}`}${layer === null ? '' : `, layer ${layer}`}`;
}

const lifecycleStatus: Partial<Record<RunnerPhase, RunnerStatusKind>> = {
  created: 'RunnerIdle',
  idle: 'RunnerReady',
  connect_group: 'RunnerConnecting',
  load_model: 'RunnerLoading',
  warmup: 'RunnerWarmingUp',
  error: 'RunnerFailed',
  shutdown_cleanup: 'RunnerShuttingDown',
};

/** Of phases that are not ours nothing is known but that the rank does something. */
function statusOf(phase: string): RunnerStatusKind {
  return (isRunnerPhase(phase) ? lifecycleStatus[phase] : undefined) ?? 'RunnerRunning';
}

function memoryOf({ atUs, active, cache, peak }: NonNullable<RunnerState['memory']>): MlxMemorySnapshot {
  const memory = (inBytes: number | null) => (inBytes === null ? null : { inBytes });
  return {
    generatedAt: timeText(atUs),
    active: memory(active),
    cache: memory(cache),
    peak: memory(peak),
    wiredLimit: null,
    source: 'otlp',
  };
}

/** Clocks of two machines: never negative. */
function secondsBetween(fromUs: number, toUs: number): number {
  return Math.max(0, Math.round(toUs - fromUs) / 1e6);
}
