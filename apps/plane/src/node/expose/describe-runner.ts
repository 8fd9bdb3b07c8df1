import { formatTimestamp, nowCells, type RunnerExtras, type RunnerSupervisorDiagnostics } from '@rankscope/schema';
import type { RunnerFacts } from '../supervise/runner.ts';
import { describeSite } from './entry-facts.ts';
import type { RingGlance, RingReading, ViewedEntry } from './ring-view.ts';
import { memorySnapshot } from './wire-entry.ts';

export interface RunnerLook {
  readonly facts: Readonly<RunnerFacts>;
  readonly own: RingGlance;
  readonly supervisor: RingGlance;
  readonly limit: number;
  readonly nowNs: bigint;
  readonly wallAtNs: (monoNs: bigint) => bigint;
}

/** What the supervisor knows and what the recorder says, as one row. Without a recorder it is what the supervisor knows. */
export function describeRunner(look: RunnerLook): RunnerSupervisorDiagnostics {
  const { facts, own, supervisor, limit, nowNs, wallAtNs } = look;
  const { assignment } = facts;
  const reading = readingOf(own);
  const at = (monoNs: bigint) => formatTimestamp(wallAtNs(monoNs));
  const phase = phaseOf(reading, facts);
  // A process that has ended spends no more time anywhere.
  const untilNs = facts.alive ? nowNs : facts.statusSinceNs;
  return {
    runnerId: assignment.runnerId,
    instanceId: assignment.instanceId,
    nodeId: assignment.nodeId,
    modelId: assignment.modelId,
    deviceRank: assignment.rank,
    worldSize: assignment.worldSize,
    ...facts.layers,
    pid: facts.pid,
    processAlive: facts.alive,
    exitCode: facts.exitCode,
    statusKind: facts.status,
    statusSince: at(facts.statusSinceNs),
    secondsInStatus: secondsBetween(facts.statusSinceNs, nowNs),
    phase: phase.name,
    phaseStartedAt: at(phase.sinceNs),
    secondsInPhase: secondsBetween(phase.sinceNs, untilNs),
    lastProgressAt: reading?.lastEntry ? at(reading.lastEntry.tMonoNs) : null,
    activeTaskId: phase.taskId,
    activeCommandId: phase.commandId,
    phaseDetail: phase.detail,
    lastMlxMemory: reading?.state.memory ? memorySnapshot(at(reading.state.memory.atNs), reading.state.memory) : null,
    flightRecorder: mergeEntries(own, supervisor, limit),
    pendingTaskIds: [...facts.pendingTaskIds],
    completedTaskCount: facts.completedTaskCount,
    cancelledTaskIds: [...facts.cancelledTaskIds],
    rankscope: extrasOf(look, reading, untilNs),
  };
}

interface Phase {
  readonly name: string;
  readonly sinceNs: bigint;
  readonly detail: string | null;
  readonly taskId: string | null;
  readonly commandId: string | null;
}

/** The task loop's cell; where it is empty, the last entry; where there is none, the process was merely created. */
function phaseOf(reading: RingReading | null, facts: Readonly<RunnerFacts>): Phase {
  const cell = reading?.state.cells.find((one) => one.cell === nowCells.taskLoop);
  const engine = reading?.state.cells.find((one) => one.cell === nowCells.engine);
  const detail = (engine && (describeSite(engine) ?? engine.site)) ?? cell?.site ?? null;
  if (cell) {
    const { taskId, commandId } = cell;
    return {
      name: cell.phase,
      sinceNs: cell.enteredAtNs,
      detail,
      taskId: taskId ?? engine?.taskId ?? null,
      commandId: commandId ?? engine?.commandId ?? null,
    };
  }
  const last = reading?.lastEntry;
  if (last) return { name: last.phase, sinceNs: last.tMonoNs, detail, taskId: null, commandId: null };
  return { name: 'created', sinceNs: facts.statusSinceNs, detail: facts.statusDetail, taskId: null, commandId: null };
}

function extrasOf({ facts, nowNs, own }: RunnerLook, reading: RingReading | null, untilNs: bigint): RunnerExtras {
  const engine = reading?.state.cells.find((one) => one.cell === nowCells.engine);
  const since = (monoNs: bigint | null | undefined) => (monoNs ? secondsBetween(monoNs, nowNs) : null);
  return {
    attempt: facts.assignment.attempt,
    secondsSinceProgress: since(reading?.lastEntry?.tMonoNs),
    openSite: engine?.op
      ? {
          op: engine.op,
          group: engine.group,
          barrierSeq: engine.ordinal ?? 0,
          layer: engine.layer,
          peer: engine.peer,
          seconds: secondsBetween(engine.enteredAtNs, untilNs),
        }
      : null,
    lastLeft: reading?.lastLeft ?? null,
    ringFirstSeq: reading?.firstSeq ?? null,
    ringLastSeq: reading?.lastSeq ?? null,
    dropped: reading?.dropped ?? 0,
    torn: reading?.torn ?? 0,
    secondsSinceHeartbeat: since(reading?.state.heartbeatNs),
    secondsSinceLoop: since(reading?.state.loopNs),
    exitSignal: facts.exitSignal,
    errorMessage: facts.errorMessage ?? recorderTrouble(own),
  };
}

/** What is known from the recorder, also when it can no longer be read. */
function readingOf(glance: RingGlance): RingReading | null {
  if (glance.kind === 'readable') return glance;
  return glance.kind === 'unreadable' ? glance.last : null;
}

/** What is wrong with a recorder, as a sentence that names the file; null when nothing is. */
export function recorderTrouble(glance: RingGlance): string | null {
  if (glance.kind === 'unreadable') return `recorder cannot be read: ${glance.reason}`;
  return glance.kind === 'readable' && glance.damage !== null ? `recorder damaged: ${glance.damage}` : null;
}

/** Both recorders of a runner, its own and its supervisor's, by time; the newest `limit` of them. */
function mergeEntries(own: RingGlance, supervisor: RingGlance, limit: number) {
  if (limit === 0) return [];
  const entries = (glance: RingGlance): readonly ViewedEntry[] => readingOf(glance)?.entries ?? [];
  const merged = [...entries(own), ...entries(supervisor)].sort((a, b) =>
    a.monoNs < b.monoNs ? -1 : Number(a.monoNs > b.monoNs),
  );
  return merged.slice(-limit).map(({ entry }) => entry);
}

function secondsBetween(fromNs: bigint, toNs: bigint): number {
  return Math.max(0, Math.round(Number(toNs - fromNs) / 1e3) / 1e6);
}
