import { type Finding, rankIn, ranksText } from '../finding.ts';
import type { Group } from '../group.ts';

/** Runners of one slot that are no longer a restart but a habit. */
const manyRunners = 3;

/** One slot has had runner after runner: told beside whatever else is the matter. */
export function judgeChurn(group: Group): Finding | null {
  const slots = [...group.runnersPerSlot]
    .flatMap(([rank, runners]) =>
      new Set(runners.map(({ runnerId }) => runnerId)).size >= manyRunners ? [{ rank, runners }] : [],
    )
    .sort((a, b) => a.rank - b.rank);
  if (slots.length === 0) return null;
  const ranks = slots.map(({ rank }) => rank);
  const most = Math.max(...slots.map(({ runners }) => runners.length));
  return {
    code: 'RUNNER_CHURN',
    confidence: 'established',
    suspects: ranks.map((rank) => rankIn(group, rank, `${group.runnersPerSlot.get(rank)?.length} runners`)),
    evidence: slots.flatMap(({ runners }) => runners.map(({ runnerId }) => ({ runnerId, seq: null }))),
    sentence: `${ranksText(ranks).replace(/^r/, 'R')} ${ranks.length === 1 ? 'has' : 'have'} had up to ${most} runners one after another.`,
    nextStep: 'See why the earlier ones ended before another is started.',
  };
}
