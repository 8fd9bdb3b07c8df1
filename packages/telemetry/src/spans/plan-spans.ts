import type { RingEntry } from '@rankscope/flight-recorder';
import { spanAttributes as names } from '@rankscope/schema';
import { anchorAttempt, anchorCommand, commandOfTask, endCommand } from './anchors.ts';
import { findLostError } from './error-type.ts';
import type { LogEvidence, SpanEvidence } from './evidence.ts';
import { lostLog, stallLog } from './evidence-logs.ts';
import { latestNs } from './latest-ns.ts';
import { findPhaseClass } from './phase-class.ts';
import { closePhases, enterPhase, forgetUncertain, innermost, isFailure, openPhases } from './phase-stack.ts';
import type { PlanContext } from './plan-context.ts';
import type { PlanState } from './plan-state.ts';
import type { RankEnd } from './rank-end.ts';
import { SpanMaker } from './span-maker.ts';
import { findDueStall } from './stall-clock.ts';
import { createVolumeRule } from './volume-rule.ts';

export interface PlanInput {
  /** The next entries of the recorder, in order. */
  readonly entries: readonly RingEntry[];
  /** Null: nobody watches, so nothing is told of what is open. */
  readonly nowNs: bigint | null;
  /** The process was reaped, and its recorder was read to its end. */
  readonly ended: RankEnd | null;
}

export interface Planned {
  readonly state: PlanState;
  readonly spans: readonly SpanEvidence[];
  readonly logs: readonly LogEvidence[];
  /** Short phases that only the sample stands for. */
  readonly sampledOut: number;
  /** Phases that were too many. */
  readonly rateLimited: number;
}

/**
 * Turns what a recorder says next into finished spans, each with an id of its own, each said once, parents first.
 * Knows no clock and no disk: the same entries after the same state are the same spans, whoever asks and however often.
 */
export function planSpans(before: PlanState, input: PlanInput, context: PlanContext): Planned {
  // A rank at rest is looked at five times a second, for nothing.
  if (isAtRest(before, input)) return { state: before, spans: [], logs: [], sampledOut: 0, rateLimited: 0 };
  const state = structuredClone(before);
  const make = new SpanMaker(context);
  const spans: SpanEvidence[] = [];
  const logs: LogEvidence[] = [];
  const volume = createVolumeRule(state, context.rules);
  // A phase that gets on, a model that loads layer by layer, is long and not stalled; and the first thing that follows an
  // enter, a collective's, is no sign that it does.
  const silenceNs = BigInt(Math.round(context.rules.stallAfterMs / 2)) * 1_000_000n;
  const counts = { sampledOut: 0, rateLimited: 0 };

  spans.push(...anchorAttempt(state, make));
  for (const entry of input.entries) {
    if (entry.n < state.next) continue;
    if (entry.n > state.next) forgetUncertain(state);
    state.next = entry.n + 1;
    spans.push(...anchorCommand(state, make, entry));
    spans.push(...applyEntry(entry));
    state.lastEntryNs = entry.tMonoNs;
  }
  if (input.ended !== null) end(input.ended);
  else if (input.nowNs !== null) tellOfStalls(input.nowNs);
  return { state, spans, logs, ...counts };

  function applyEntry(entry: RingEntry): SpanEvidence[] {
    if (entry.op !== null) {
      applyCollective(state, entry);
      return [];
    }
    if (entry.kind === 'enter') enterPhase(state, entry);
    if (entry.kind === 'exit') return closePhases(state, entry).flatMap((phase) => finished(phase, entry));
    if (entry.event === 'error' && entry.kind === 'mark') return [make.failure(entry)];
    if (entry.event === 'task_begin') state.task = commandOfTask(entry);
    if (entry.event === 'task_end') {
      const { task } = state;
      state.task = null;
      endCommand(state, entry.commandId);
      if (task !== null && task.commandId === entry.commandId) return [make.task(task, entry)];
    }
    return [];
  }

  function finished(...[phase, exit]: Parameters<SpanMaker['finished']>): SpanEvidence[] {
    // Judged before it is put into words: of a token's phases one in a hundred leaves.
    const verdict = isFailure(phase, exit) ? 'send' : volume.judge(phase, exit.tMonoNs);
    if (verdict === 'send') return [make.finished(phase, exit)];
    counts[verdict] += 1;
    return [];
  }

  function tellOfStalls(nowNs: bigint): void {
    for (const phase of openPhases(state)) {
      if (findPhaseClass(phase.phase) === 'rest') continue;
      const due = findDueStall(Number(nowNs - phase.startNs) / 1e6, context.rules);
      if (due === null || due.count <= phase.stalls) continue;
      phase.stalls = due.count;
      const marker = make.marker(phase, due, state);
      spans.push(marker);
      const dueNs = phase.startNs + BigInt(due.atMs) * 1_000_000n;
      if ((state.lastEntryNs ?? 0n) <= dueNs - silenceNs) logs.push(stallLog(marker));
    }
  }

  function end(how: RankEnd): void {
    state.done = true;
    const inside = innermost(state);
    const lost = openPhases(state).map((phase) => ({ phase, span: make.lost(phase, how, state, inside) }));
    spans.push(...lost.map(({ span }) => span));
    if (how.kind === 'clean') return;
    const span = lost.find(({ phase }) => phase === inside)?.span;
    const lastNs = latestNs([how.lastLifeNs, state.lastEntryNs]) ?? context.bornNs;
    const place = span ?? make.attemptRank();
    logs.push(
      lostLog({
        rank: context.identity.rank,
        place,
        phase: inside?.phase ?? null,
        errorType: String(span?.attributes[names.errorType] ?? findLostError(how, null)),
        detail: how.detail,
        atNs: span?.endNs ?? context.wallAtNs(lastNs),
        attributes: span?.attributes ?? {},
      }),
    );
  }
}

function isAtRest(state: PlanState, { entries, nowNs, ended }: PlanInput): boolean {
  if (state.done) return true;
  if (entries.length > 0 || ended !== null || !state.anchored) return false;
  return nowNs === null || openPhases(state).every(({ phase }) => findPhaseClass(phase) === 'rest');
}

function applyCollective(state: PlanState, entry: RingEntry): void {
  const { op, group, barrierSeq, layer, peer, pointToPoint } = entry;
  if (op === null) return;
  const site = { op, group, barrierSeq, layer, peer: pointToPoint ? peer : null };
  if (entry.kind === 'enter') {
    state.site = site;
    return;
  }
  state.site = null;
  const phase = innermost(state);
  if (phase !== null) phase.site = site;
  if (entry.event === 'collective_exit' && group === 0 && !pointToPoint) state.lastLeft = barrierSeq;
}
