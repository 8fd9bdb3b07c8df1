import type { RingEntry } from '@rankscope/flight-recorder';
import { FinishReason, spanAttributes as names, rankAttributes, spanNames, spanStates } from '@rankscope/schema';
import { traceIdOfAttempt, traceIdOfCommand } from '../trace-ids.ts';
import { findFailureClass, findLostError } from './error-type.ts';
import type { Attributes, SpanEvidence, SpanPlace } from './evidence.ts';
import { latestNs } from './latest-ns.ts';
import { findPhaseClass } from './phase-class.ts';
import { isFailure } from './phase-stack.ts';
import type { PlanContext } from './plan-context.ts';
import type { OpenPhase, OpenTask, PlanState } from './plan-state.ts';
import type { RankEnd } from './rank-end.ts';
import { idAttributes, memoryAttributes, phaseAttributes, standingAttributes } from './span-attributes.ts';
import { type SpanKind, spanIdOf } from './span-id.ts';
import { type DueStall, findDueStall } from './stall-clock.ts';

/** A moment. Jaeger warns of a span whose end is its start. */
export const momentNs = 1_000n;

interface Draft {
  readonly kind: SpanKind;
  readonly commandId: string | null;
  readonly seq: number;
  readonly name: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Attributes;
  readonly error?: string | null;
  readonly links?: readonly SpanPlace[];
}

/** Puts into words what `planSpans` decides. */
export class SpanMaker {
  readonly #context: PlanContext;
  readonly #attemptTrace: string;
  /** Spans in a row mostly belong to one command. */
  #lastRankPlace: SpanPlace | null = null;

  constructor(context: PlanContext) {
    this.#context = context;
    this.#attemptTrace = traceIdOfAttempt(context.identity.instanceId, context.identity.attempt);
  }

  /** The rank's own anchor in the trace of its attempt; before it, from rank 0's plane, the root of all ranks. */
  attemptAnchors(): SpanEvidence[] {
    const { identity, hasPlane, bornNs } = this.#context;
    const { instanceId, modelId, attempt, worldSize, rank } = identity;
    const traceId = this.#attemptTrace;
    const rootId = spanIdOf({ traceId, kind: 'instance' });
    const own = this.#rankAnchor(traceId, hasPlane ? rootId : null, bornNs, {});
    const anchor: SpanEvidence = { ...own, anchorOf: 'attempt' };
    if (!hasPlane || rank !== 0) return [anchor];
    const root: SpanEvidence = {
      ...anchor,
      by: 'plane',
      spanId: rootId,
      parentSpanId: null,
      name: spanNames.instance(instanceId, attempt),
      attributes: {
        [names.state]: spanStates.anchor,
        [rankAttributes.instanceId]: instanceId,
        [rankAttributes.modelId]: modelId,
        [rankAttributes.attempt]: attempt,
        [rankAttributes.worldSize]: worldSize,
      },
    };
    return [root, anchor];
  }

  commandAnchor(commandId: string, entry: RingEntry): SpanEvidence {
    const traceId = traceIdOfCommand(commandId);
    const parent = this.#context.hasPlane ? spanIdOf({ traceId, kind: 'command' }) : null;
    const attributes = { ...idAttributes(entry), [names.seq]: entry.n };
    const anchor = this.#rankAnchor(traceId, parent, entry.tMonoNs, attributes);
    // From the command to the life of the rank that serves it.
    return { ...anchor, links: [this.attemptRank()] };
  }

  attemptRank(): SpanPlace {
    return this.#rankPlace(this.#attemptTrace);
  }

  finished(phase: OpenPhase, exit: RingEntry): SpanEvidence {
    const failed = isFailure(phase, exit);
    const due = this.#dueBy(phase, exit.tMonoNs);
    return this.#span({
      kind: 'phase',
      ...keyOf(phase),
      name: phase.phase,
      endNs: exit.tMonoNs,
      error: failed ? (exit.text ?? exit.event) : null,
      attributes: {
        ...phaseAttributes(phase, phase.site),
        ...(exit.text !== null && { [names.detail]: exit.text }),
        ...memoryAttributes(exit.memory),
        ...(due !== null && { [names.stallCount]: due.count }),
        ...(failed && { [names.errorType]: findFailureClass(exit.text) ?? exit.event }),
      },
    });
  }

  /** A failure that is a moment and not a phase: a task that cannot be done, on a rank that goes on. */
  failure({ n, phase, event, tMonoNs, commandId, taskId, text }: RingEntry): SpanEvidence {
    return this.#span({
      kind: 'phase',
      commandId,
      seq: n,
      name: phase,
      startNs: tMonoNs,
      endNs: tMonoNs + momentNs,
      error: text ?? event,
      attributes: {
        [names.phase]: phase,
        ...idAttributes({ commandId, taskId }),
        ...(text !== null && { [names.detail]: text }),
        [names.errorType]: findFailureClass(text) ?? event,
      },
    });
  }

  task(task: OpenTask, end: RingEntry): SpanEvidence {
    const why = end.text ?? '';
    const failed = !FinishReason.safeParse(why).success;
    const outcome = failed ? { [names.errorType]: findFailureClass(why) ?? 'failed' } : { [names.finishReason]: why };
    return this.#span({
      kind: 'task',
      ...keyOf(task),
      name: spanNames.task,
      endNs: end.tMonoNs,
      error: failed ? why : null,
      attributes: { ...idAttributes(task), ...outcome },
    });
  }

  /** Finished, although the phase is not: it ends where the marker was due, and names the span that is to come. */
  marker(phase: OpenPhase, due: DueStall, state: PlanState): SpanEvidence {
    return this.#span({
      kind: `stall-${due.count}`,
      ...keyOf(phase),
      name: spanNames.inProgress(phase.phase),
      endNs: phase.startNs + BigInt(due.atMs) * 1_000_000n,
      links: [this.#placeOf(phase)],
      attributes: {
        ...phaseAttributes(phase, state.site),
        ...standingAttributes(state),
        [names.state]: spanStates.inProgress,
        [names.stallCount]: due.count,
      },
    });
  }

  /**
   * The real span of a phase that nobody lived to leave. Ends with the last proof of life. Of phases within each other
   * only the innermost failed: a rank dies once.
   */
  lost(phase: OpenPhase, end: RankEnd, state: PlanState, innermost: OpenPhase | null): SpanEvidence {
    const endNs = latestNs([end.lastLifeNs, state.lastEntryNs]) ?? phase.startNs;
    const due = this.#dueBy(phase, endNs);
    const type = findLostError(end, { phase: phase.phase, overdue: due !== null });
    const failed = phase === innermost;
    return this.#span({
      kind: 'phase',
      ...keyOf(phase),
      name: phase.phase,
      endNs,
      error: failed ? `${type} (${end.detail})` : null,
      attributes: {
        ...phaseAttributes(phase, failed ? (state.site ?? phase.site) : phase.site),
        ...(failed && { ...standingAttributes(state), [names.errorType]: type }),
        [names.state]: spanStates.lost,
        ...(due !== null && { [names.stallCount]: due.count }),
      },
    });
  }

  #dueBy({ phase, startNs }: OpenPhase, atNs: bigint): DueStall | null {
    if (findPhaseClass(phase) === 'rest') return null;
    return findDueStall(Number(atNs - startNs) / 1e6, this.#context.rules);
  }

  #rankPlace(traceId: string): SpanPlace {
    if (this.#lastRankPlace?.traceId !== traceId) {
      const { rank, attempt } = this.#context.identity;
      this.#lastRankPlace = { traceId, spanId: spanIdOf({ traceId, rank, attempt, kind: 'rank' }) };
    }
    return this.#lastRankPlace;
  }

  #placeOf({ commandId, seq }: OpenPhase): SpanPlace {
    const { rank, attempt } = this.#context.identity;
    const traceId = this.#traceOf(commandId);
    return { traceId, spanId: spanIdOf({ traceId, rank, attempt, seq, kind: 'phase' }) };
  }

  #traceOf(commandId: string | null): string {
    return commandId === null ? this.#attemptTrace : traceIdOfCommand(commandId);
  }

  #rankAnchor(traceId: string, parentSpanId: string | null, atNs: bigint, more: Attributes): SpanEvidence {
    const { rank } = this.#context.identity;
    const startNs = this.#context.wallAtNs(atNs);
    return {
      ...this.#rankPlace(traceId),
      by: 'rank',
      parentSpanId,
      name: spanNames.rank(rank),
      startNs,
      endNs: startNs + momentNs,
      attributes: { [rankAttributes.rank]: rank, [names.state]: spanStates.anchor, ...more },
      links: [],
      error: null,
      anchorOf: 'command',
    };
  }

  #span({ kind, commandId, seq, name, startNs, endNs, attributes, error = null, links = [] }: Draft): SpanEvidence {
    const { identity, wallAtNs } = this.#context;
    const { rank, attempt } = identity;
    const traceId = this.#traceOf(commandId);
    const [start, end] = [wallAtNs(startNs), wallAtNs(endNs)];
    return {
      by: 'rank',
      traceId,
      spanId: spanIdOf({ traceId, rank, attempt, seq, kind }),
      parentSpanId: this.#rankPlace(traceId).spanId,
      name,
      startNs: start,
      // Two entries of one clock tick are still two.
      endNs: end > start ? end : start + momentNs,
      attributes: { [rankAttributes.rank]: rank, [names.seq]: seq, ...attributes },
      links,
      error,
      anchorOf: null,
    };
  }
}

function keyOf({ seq, commandId, startNs }: Pick<OpenPhase, 'seq' | 'commandId' | 'startNs'>) {
  return { seq, commandId, startNs };
}
