import { runnerExitCodes } from '@rankscope/schema';
import type { RunnerFacts } from './runner.ts';

export type Ending = Pick<
  RunnerFacts,
  'assignment' | 'alive' | 'exitCode' | 'exitSignal' | 'errorMessage' | 'pid' | 'endedAtNs' | 'askedToEnd'
>;

/** One sentence a person can act on. */
export function howItEnded({ assignment, exitCode, exitSignal, errorMessage, pid }: Readonly<Ending>): string {
  const who = `rank ${assignment.rank}${pid === null ? '' : ` (pid ${pid})`}`;
  if (exitSignal !== null) return `${who} was killed by ${exitSignal}`;
  const why = errorMessage === null ? '' : `: ${errorMessage}`;
  return exitCode === null ? `${who} could not be started${why}` : `${who} exited with code ${exitCode}${why}`;
}

/** Processes that die of one blow are reaped in any order; what lies so close together has no first. */
const sameMomentNs = 1_000_000_000n;

/**
 * Of the ranks that have ended, the one that ended first and not because another had; null while all live.
 *
 * Whoever lost a peer, was asked to end or ended in peace is a consequence, however early it was reaped. Among those
 * that are left and ended at the same moment, a rank that was killed goes before one that ended by itself.
 */
export function findCause<T extends Readonly<Ending>>(ranks: readonly T[]): T | null {
  const ended = ranks.filter(({ alive }) => !alive).sort((a, b) => Number((a.endedAtNs ?? 0n) - (b.endedAtNs ?? 0n)));
  const own = ended.filter((one) => !isConsequence(one));
  const failed = ended.filter(({ exitCode }) => exitCode !== runnerExitCodes.clean);
  const candidates = [own, failed, ended].find((some) => some.length > 0) ?? [];
  const [first] = candidates;
  if (first === undefined) return null;
  const untilNs = (first.endedAtNs ?? 0n) + sameMomentNs;
  return candidates.find((one) => one.exitSignal !== null && (one.endedAtNs ?? 0n) <= untilNs) ?? first;
}

export function isConsequence({ askedToEnd, exitCode }: Readonly<Ending>): boolean {
  return askedToEnd !== null || exitCode === runnerExitCodes.peerLost || exitCode === runnerExitCodes.clean;
}
