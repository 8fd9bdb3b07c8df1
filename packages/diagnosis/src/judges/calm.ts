import { isRunnerPhase, phaseFacts } from '@rankscope/schema';
import { type Finding, hasHave, ranksText, secondsText, viewOf } from '../finding.ts';
import type { Group } from '../group.ts';
import type { RankView } from '../rank-view.ts';
import type { WaitGraph } from '../wait-graph.ts';

/** Somebody waits, and whoever is waited for works within the time that its phase may take. */
export function judgeWaitingOnWork(group: Group, graph: WaitGraph): Finding | null {
  const working = graph.sinks.flatMap((rank) => viewOf(group, rank) ?? []).filter(({ phase }) => phase !== 'idle');
  const waiters = graph.stuckWaiters.map(({ rank }) => rank);
  if (working.length === 0) return null;
  const ranks = working.map(({ rank }) => rank);
  return {
    code: 'WAITING_ON_WORK',
    confidence: 'established',
    subreason: working[0]?.phase,
    site: graph.stuckWaiters[0]?.open,
    victims: waiters,
    evidence: [],
    sinceUs: graph.stuckWaiters[0]?.open?.enter?.atUs,
    sentence: `${capital(ranksText(waiters))} ${waiters.length === 1 ? 'waits' : 'wait'} for ${ranksText(ranks)}, which ${ranks.length === 1 ? 'is' : 'are'} in ${working[0]?.phase} for ${secondsText(working[0]?.stall ?? 0)}: that is work, not a hang.`,
    nextStep: null,
  };
}

const slowAfter = 60;

/** A long phase that goes on evenly. */
export function judgeSlowProgress(group: Group): Finding | null {
  const slow = group.ranks.filter(
    (view) =>
      view.runner.processAlive &&
      !isResting(view.phase) &&
      view.runner.secondsInPhase > slowAfter &&
      !group.isStuck(view),
  );
  if (slow.length === 0) return null;
  const ranks = slow.map(({ rank }) => rank);
  const [first] = slow;
  const chunk = first?.rows.findLast(({ chunkIndex }) => chunkIndex >= 0);
  const done =
    chunk === undefined ? '' : ` (${chunk.chunkIndex}${chunk.chunkTotal > 0 ? ` of ${chunk.chunkTotal}` : ''})`;
  return {
    code: 'SLOW_PROGRESS',
    confidence: 'established',
    subreason: first?.phase,
    evidence: [],
    sinceUs: first?.last?.atUs,
    sentence: `${capital(ranksText(ranks))} ${hasHave(ranks)} been in ${first?.phase} for ${secondsText(first?.runner.secondsInPhase ?? 0)} and get${ranks.length === 1 ? 's' : ''} on${done}.`,
    nextStep: null,
  };
}

/** Nothing is being done, and nothing waits that should not. */
export function judgeIdle(group: Group, graph: WaitGraph): Finding | null {
  const alive = group.ranks.filter(({ runner }) => runner.processAlive);
  const waitsForRest = graph.sinks.some((rank) => viewOf(group, rank)?.phase === 'idle');
  if (alive.length === 0) return null;
  if (!waitsForRest && !alive.every(isAtRest)) return null;
  return {
    code: 'IDLE',
    confidence: 'established',
    evidence: [],
    sinceUs: alive[0]?.last?.atUs,
    sentence: waitsForRest
      ? 'The ranks wait for one that waits for a request: there is nothing to do.'
      : 'All ranks are idle.',
    nextStep: null,
  };
}

function isAtRest(view: RankView): boolean {
  if (view.phase === 'idle' || view.phase === 'completion') return true;
  // Ranks that ask each other for the next task over and over have none.
  return view.phase === 'task_agreement' && view.taskId === null;
}

function isResting(phase: string): boolean {
  if (phase === 'task_agreement') return true;
  return isRunnerPhase(phase) && ['rest', 'terminal'].includes(phaseFacts[phase].class);
}

export function healthy(group: Group): Finding {
  const alive = group.ranks.filter(({ runner }) => runner.processAlive);
  return {
    code: 'HEALTHY',
    confidence: 'established',
    evidence: [],
    sinceUs: alive[0]?.last?.atUs,
    sentence:
      alive.length === 0
        ? 'No rank runs.'
        : `${capital(ranksText(alive.map(({ rank }) => rank)))} get${alive.length === 1 ? 's' : ''} on.`,
    nextStep: null,
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
