import { citing, type Finding, rankIn, ranksText, secondsText } from '../finding.ts';
import type { Group } from '../group.ts';
import { findKnownFault } from '../known-faults.ts';
import type { RankView } from '../rank-view.ts';
import type { Row } from '../row.ts';
import type { WaitGraph } from '../wait-graph.ts';

/** A rank gave a task up with an error while others still wait for it in that task. */
export function judgeErrored(group: Group, graph: WaitGraph): Finding | null {
  const waitedFor = new Set(
    graph.waits.filter(({ from }) => graph.stuckWaiters.some(({ rank }) => rank === from)).map(({ to }) => to),
  );
  const errored = group.ranks.flatMap((view) => {
    const row = errorOf(view);
    return row !== null && waitedFor.has(view.rank) && waitsInTask(row, view.rank, graph) ? [{ view, row }] : [];
  });
  if (errored.length === 0) return null;
  // Program order, not clocks: who got least far failed first.
  const progress = ({ view }: { view: RankView }) =>
    Math.max(-1, ...[...view.streams.values()].map(({ lastLeft }) => lastLeft));
  const least = Math.min(...errored.map(progress));
  const initiating = errored.filter((one) => progress(one) === least);
  const culprits = errored.map((one) => one.view.rank);
  const [first] = initiating;
  const victims = graph.stuckWaiters.map(({ rank }) => rank).filter((rank) => !culprits.includes(rank));
  const stalls = graph.stuckWaiters.map(({ stall }) => stall);
  return {
    code: 'RANK_ERRORED_PEERS_WAIT',
    confidence: 'established',
    subreason: first?.row.event,
    site: graph.stuckWaiters[0]?.open,
    culprits: errored.map((one) =>
      rankIn(group, one.view.rank, `failed in ${one.view.phase}`, initiating.includes(one) ? 'initiating' : 'cascade'),
    ),
    victims,
    evidence: [
      ...errored.flatMap(({ view, row }) => citing(view, row)),
      ...graph.stuckWaiters.flatMap((view) => citing(view, view.open?.enter ?? view.waitsForPeers?.row)),
    ],
    sinceUs: first?.row.atUs,
    sentence: `${ranksText(culprits)} failed and ${ranksText(victims)} still wait${victims.length === 1 ? 's' : ''} in ${graph.stuckWaiters[0]?.phase ?? 'a collective'}, for ${secondsText(Math.max(0, ...stalls))}.`,
    nextStep: findKnownFault(first?.view.runner.errorMessage ?? '')?.nextStep ?? null,
  };
}

/** The error that the rank's task ended with: its last phase is `error`, or it went to rest after it. */
function errorOf({ rows, phase }: RankView): Row | null {
  if (phase !== 'error' && phase !== 'idle') return null;
  const at = rows.findLastIndex((row) => row.phase === 'error');
  if (at === -1) return null;
  return rows.slice(at + 1).every((row) => row.phase === 'error' || row.phase === 'idle') ? (rows[at] ?? null) : null;
}

function waitsInTask(error: Row, rank: number, graph: WaitGraph): boolean {
  return graph.stuckWaiters.some((view) => {
    const waits = graph.waits.some(({ from, to }) => from === view.rank && to === rank);
    const task = view.open?.taskId ?? view.taskId;
    return waits && (task === null || error.taskId === null || task === error.taskId);
  });
}
