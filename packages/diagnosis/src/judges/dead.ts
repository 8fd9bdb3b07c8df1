import { runnerExitCodes } from '@rankscope/schema';
import { citing, type Finding, rankIn, ranksText, secondsText, viewOf } from '../finding.ts';
import type { Group } from '../group.ts';
import { findKnownFault } from '../known-faults.ts';
import type { RankView } from '../rank-view.ts';

/** Of the wired limit: what is left is too little for one more buffer. */
const memoryFull = 0.95;

/** A process has ended that nobody asked to end. */
export function judgeDead(group: Group): Finding | null {
  const dead = group.ranks.filter((view) => isDead(view, group));
  if (dead.length === 0) return null;
  const first = dead.filter(({ runner }) => runner.exitCode !== runnerExitCodes.peerLost);
  // All of them lost a peer: the one that began it is not among those that we see.
  const culprits = first.length > 0 ? first : dead;
  const followed = dead.filter((view) => !culprits.includes(view)).map(({ rank }) => rank);
  const outOfMemory = culprits.filter(ranOutOfMemory);
  const told = outOfMemory.length > 0 ? outOfMemory : culprits;
  const ranks = told.map(({ rank }) => rank);
  const words = told.map((view) => howItEnded(view));
  const others = group.ranks.filter((view) => view.runner.processAlive).map(({ rank }) => rank);
  const left =
    others.length === 0 ? '' : `; ${ranksText(others)} cannot go on without ${told.length === 1 ? 'it' : 'them'}`;
  const after = followed.length === 0 ? '' : `; ${ranksText(followed)} ended because of it`;
  return {
    code: outOfMemory.length > 0 ? 'OOM_DEATH' : 'RANK_PROCESS_DEAD',
    confidence: 'established',
    subreason: told[0]?.phase,
    culprits: told.map((view) => rankIn(group, view.rank, howItEnded(view), 'initiating')),
    suspects: [],
    victims: [...followed, ...others],
    evidence: told.flatMap((view) => citing(view)),
    sinceUs: told[0]?.last?.atUs,
    sentence: `${ranksText(ranks)} ${words.join(', ')}${left}${after}.`,
    nextStep: findKnownFault(told.map(({ runner }) => runner.errorMessage ?? '').join(' '))?.nextStep ?? null,
  };
}

function isDead({ runner, rank, phase, last }: RankView, group: Group): boolean {
  if (runner.processAlive) return false;
  if (group.expected.some((one) => one.rank === rank && one.ending)) return false;
  const ended = phase === 'shutdown_cleanup' && last?.event === 'exit';
  return !(ended || runner.statusKind === 'RunnerShutdown' || runner.exitCode === 0);
}

function ranOutOfMemory({ runner }: RankView): boolean {
  const { memoryActive, memoryWiredLimit, errorMessage } = runner;
  const full = memoryActive !== null && memoryWiredLimit !== null && memoryWiredLimit > 0;
  if (full && memoryActive >= memoryFull * memoryWiredLimit) return true;
  return findKnownFault(errorMessage ?? '')?.class === 'out_of_memory';
}

function howItEnded({ runner, phase }: RankView): string {
  const how =
    runner.exitSignal !== null
      ? `was killed by ${runner.exitSignal}`
      : runner.exitCode !== null
        ? `exited with code ${runner.exitCode}`
        : 'has ended';
  const why = runner.errorMessage === null ? '' : ` (${runner.errorMessage})`;
  return `${how} in ${phase}${why}`;
}

/** A rank stuck in its own end while its peers have finished theirs. */
export function judgeShutdown(group: Group): Finding | null {
  const inside = group.ranks.filter(
    (view) => view.runner.processAlive && !view.runner.stale && view.phase === 'shutdown_cleanup',
  );
  const stuck = inside.filter(({ runner }) => runner.secondsInPhase > shutdownPatience);
  const peersDone = group.ranks.some((view) => !view.runner.processAlive);
  if (stuck.length === 0 || !peersDone) return null;
  const ranks = stuck.map(({ rank }) => rank);
  const seconds = Math.max(...stuck.map(({ runner }) => runner.secondsInPhase));
  return {
    code: 'SHUTDOWN_STUCK',
    confidence: 'established',
    culprits: ranks.map((rank) => rankIn(group, rank, `in shutdown_cleanup for ${secondsText(seconds)}`)),
    victims: [],
    evidence: stuck.flatMap((view) => citing(view, view.last)),
    sinceUs: viewOf(group, ranks[0] ?? -1)?.last?.atUs,
    sentence: `${ranksText(ranks)} ${ranks.length === 1 ? 'has' : 'have'} been ending for ${secondsText(seconds)} while others have ended.`,
    nextStep: 'End the process: nothing waits for it any more.',
  };
}

const shutdownPatience = 30;
