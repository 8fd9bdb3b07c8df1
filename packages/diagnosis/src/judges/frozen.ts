import { citing, type Finding, rankIn, ranksText, secondsText } from '../finding.ts';
import type { Group } from '../group.ts';
import type { RankView } from '../rank-view.ts';
import type { WaitGraph } from '../wait-graph.ts';

/** Of a core: a thread that waits in a receive spins, one that is stopped does nothing. */
const noCpu = 0.02;

/** A process that cannot run: stopped, asleep in the kernel, or with its peers' bytes unread while its thread gets no turn. */
export function judgeFrozen(group: Group, graph: WaitGraph): Finding | null {
  const stuck =
    graph.stuckWaiters.length > 0 || group.ranks.some((view) => view.runner.processAlive && group.isStuck(view));
  if (!stuck) return null;
  const frozen = group.ranks.flatMap((view) => {
    const why = whyFrozen(view, group);
    return why === null ? [] : [{ view, why }];
  });
  if (frozen.length === 0) return null;
  const ranks = frozen.map(({ view }) => view.rank);
  const victims = graph.stuckWaiters.map(({ rank }) => rank).filter((rank) => !ranks.includes(rank));
  const [first] = frozen;
  const wait = victims.length === 0 ? '' : `; ${ranksText(victims)} cannot go on`;
  return {
    code: 'RANK_FROZEN',
    confidence: 'established',
    subreason: first?.view.phase,
    site: first?.view.open,
    culprits: frozen.map(({ view, why }) => rankIn(group, view.rank, why)),
    victims,
    evidence: frozen.flatMap(({ view }) => citing(view)),
    sinceUs: first?.view.last?.atUs,
    sentence: `${frozen.map(({ view, why }) => `rank ${view.rank} ${why}`).join(', ')}${wait}.`,
    nextStep:
      first?.view.runner.witness?.processState === 'D'
        ? 'The kernel does not let the process run: look at its disk and its drivers.'
        : 'Let the process go on (SIGCONT), or end it: see who stopped it.',
  };
}

function whyFrozen(view: RankView, group: Group): string | null {
  const { witness, processAlive, stale } = view.runner;
  if (witness === null || !processAlive || stale) return null;
  const patience = group.patience(view);
  if (patience === null) return null;
  const { processState, stateSeconds, engineCpu, sockets } = witness;
  if ((processState === 'T' || processState === 't') && stateSeconds > 0)
    return `has been stopped (SIGSTOP or a debugger) for ${secondsText(Math.max(stateSeconds, view.stall))} in ${view.phase}`;
  if (processState === 'D' && stateSeconds > patience)
    return `has been in uninterruptible sleep for ${secondsText(stateSeconds)} in ${view.phase}`;
  const unread = sockets.reduce((sum, { unreadBytes }) => sum + unreadBytes, 0);
  if (unread > 0 && engineCpu !== null && engineCpu < noCpu && view.stall > patience)
    return `leaves ${unread} bytes of its peers unread and gets no CPU, for ${secondsText(view.stall)} in ${view.phase}`;
  return null;
}
