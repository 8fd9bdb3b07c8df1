import { type RankAttribution, type Verdict, verdictCodes } from '@rankscope/schema';
import { annotationsOf } from './annotations.ts';
import { attributionOf } from './attribution.ts';
import { boundClocks, type Clocks } from './clocks.ts';
import type { DiagnosisInput } from './diagnosis-input.ts';
import type { Finding } from './finding.ts';
import { type Group, groupsOf } from './group.ts';
import { healthy, judgeIdle, judgeSlowProgress, judgeWaitingOnWork } from './judges/calm.ts';
import { judgeChurn } from './judges/churn.ts';
import { judgeDead, judgeShutdown } from './judges/dead.ts';
import { judgeDivergence } from './judges/divergence.ts';
import { judgeErrored } from './judges/errored.ts';
import { judgeFrozen } from './judges/frozen.ts';
import { judgeMismatch } from './judges/mismatch.ts';
import { judgeMissing, judgePartialRelease } from './judges/missing-rank.ts';
import { judgeNeverJoined } from './judges/never-joined.ts';
import { judgeCollectiveSlow, judgeStraggler } from './judges/slow.ts';
import { judgeUnreachable } from './judges/unreachable.ts';
import { verdictOf } from './verdict-of.ts';
import { type WaitGraph, waitGraphOf } from './wait-graph.ts';
import { type DiagnosisMemory, remember } from './window.ts';

export interface Diagnosis {
  /** At least one an instance, in the order of their ids. */
  readonly verdicts: readonly Verdict[];
  readonly attribution: readonly RankAttribution[];
  /** For the next call. */
  readonly memory: DiagnosisMemory;
}

/**
 * Says of every instance who holds up whom, or that nobody can be named.
 *
 * No clock, no I/O: the same inputs and memory give the same answer, byte for byte, in the plane, the terminal, the page
 * and the tests. Wall clocks of two nodes never order two events; order comes from each rank's own numbers and from
 * collectives that were released.
 */
export function diagnose(input: DiagnosisInput, memory: DiagnosisMemory): Diagnosis {
  const remembered = remember(memory, input.entries);
  const verdicts: Verdict[] = [];
  const attribution: RankAttribution[] = [];
  for (const group of groupsOf(input, remembered)) {
    const graph = waitGraphOf(group);
    const clocks = boundClocks(group);
    const notes = annotationsOf(group, clocks);
    const found = judge(group, graph, clocks);
    const churn = judgeChurn(group);
    const calm = verdictCodes[found.code] === 'info';
    const told = churn === null ? [found] : calm ? [churn] : [found, churn];
    verdicts.push(...told.map((finding) => verdictOf(finding, group, graph, notes)));
    attribution.push(...attributionOf(group, clocks));
  }
  return { verdicts, attribution, memory: remembered };
}

/** The first that holds, in the order of the table of codes. */
function judge(group: Group, graph: WaitGraph, clocks: Clocks): Finding {
  return (
    judgeDead(group) ??
    judgeFrozen(group, graph) ??
    judgeMismatch(group) ??
    judgeErrored(group, graph) ??
    judgeUnreachable(group, graph) ??
    judgeNeverJoined(group, graph) ??
    judgePartialRelease(group, graph) ??
    judgeMissing(group, graph) ??
    judgeDivergence(group, graph) ??
    judgeShutdown(group) ??
    judgeStraggler(group, graph, clocks) ??
    judgeCollectiveSlow(group, graph, clocks) ??
    judgeWaitingOnWork(group, graph) ??
    judgeSlowProgress(group) ??
    judgeIdle(group, graph) ??
    healthy(group)
  );
}
