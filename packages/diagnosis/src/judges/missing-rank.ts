import { isRunnerPhase, phaseFacts } from '@rankscope/schema';
import { citing, type Finding, hasHave, rankIn, ranksText, secondsText, viewOf } from '../finding.ts';
import type { Group } from '../group.ts';
import type { RankView, Site } from '../rank-view.ts';
import { isInside, placeName, siteName, type WaitGraph } from '../wait-graph.ts';
import { doubtsOf } from './doubts.ts';

/** Some have left a collective that others are still inside of. */
export function judgePartialRelease(group: Group, graph: WaitGraph): Finding | null {
  for (const view of graph.stuckWaiters) {
    const site = view.open;
    if (site === null || view.waitsForPeers !== null) continue;
    const left = group.ranks.filter((other) => other !== view && hasLeft(other, site));
    if (left.length === 0) continue;
    const inside = graph.stuckWaiters.filter(
      ({ open }) => open !== null && open.stream === site.stream && open.ordinal === site.ordinal,
    );
    const doubts = doubtsOf(group, inside);
    if (doubts.length > 0) return insufficient(group, graph, inside, doubts);
    const ranks = inside.map(({ rank }) => rank);
    const victims = graph.stuckWaiters.map(({ rank }) => rank).filter((rank) => !ranks.includes(rank));
    const peers = left.map(({ rank }) => rank);
    return {
      code: 'PARTIAL_RELEASE',
      confidence: 'established',
      subreason: site.phase,
      site,
      culprits: ranks.map((rank) => rankIn(group, rank, `still inside ${siteName(site)}`)),
      victims,
      evidence: [
        ...inside.flatMap((one) => citing(one, one.open?.enter)),
        ...left.flatMap((one) => citing(one, one.streams.get(site.stream)?.sites.get(site.ordinal)?.exit)),
      ],
      sinceUs: site.enter?.atUs,
      sentence: `${capital(ranksText(ranks))} ${hasHave(ranks)} not left ${placeName(site)}, which ${ranksText(peers)} left; ${ranks.length === 1 ? 'it has' : 'they have'} been inside for ${secondsText(view.stall)}.`,
      nextStep: 'The rank is stuck inside the collective itself: look at its process, its device and its links.',
    };
  }
  return null;
}

function hasLeft(view: RankView, site: Site): boolean {
  const exit = view.streams.get(site.stream)?.sites.get(site.ordinal)?.exit;
  return exit !== null && exit !== undefined && exit.event !== 'collective_failed' && exit.event !== 'error';
}

/** Ranks that do not come, while they work on something else. */
export function judgeMissing(group: Group, graph: WaitGraph): Finding | null {
  const sinks = graph.sinks.filter((rank) => viewOf(group, rank) !== undefined);
  if (sinks.length === 0) return null;
  const views = sinks.flatMap((rank) => viewOf(group, rank) ?? []);
  const stuck = views.filter((view) => isLate(view, group, graph));
  if (stuck.length === 0) return null;
  const doubts = doubtsOf(group, stuck, graph);
  if (doubts.length > 0) return insufficient(group, graph, stuck, doubts);
  const ranks = stuck.map(({ rank }) => rank);
  const waiters = graph.stuckWaiters;
  const inCollective = waiters.filter((view) => view.open !== null && view.waitsForPeers === null);
  const [waiter] = inCollective.length > 0 ? inCollective : waiters;
  const connecting = waiters.every(({ phase }) => phase === 'connect_group');
  const code = connecting ? 'CONNECT_STALL' : inCollective.length > 0 ? 'BARRIER_MISSING_RANK' : 'COMPUTE_STALL';
  const site = waiter?.open ?? null;
  const victims = waiters.map(({ rank }) => rank).filter((rank) => !ranks.includes(rank));
  const longest = Math.max(...waiters.map(({ stall }) => stall));
  return {
    code,
    confidence: 'established',
    subreason: stuck[0]?.phase,
    site,
    culprits: stuck.map((view) => rankIn(group, view.rank, `in ${view.phase} for ${secondsText(view.stall)}`)),
    victims,
    evidence: [
      ...waiters.flatMap((view) => citing(view, view.waitsForPeers?.row ?? view.open?.enter)),
      ...stuck.flatMap((view) => citing(view, view.last)),
    ],
    sinceUs: waiter?.open?.enter?.atUs ?? waiter?.waitsForPeers?.row.atUs,
    sentence: `${capital(whereText(stuck, site, code))}; ${ranksText(victims)} ${hasHave(victims)} waited ${secondsText(longest)}.`,
    nextStep: nextStepOf(stuck[0]),
  };
}

/** Seconds after which a rank at rest holds up a task that others are in: nobody rests in the middle of one. */
const restPatience = 10;

function isLate(view: RankView, group: Group, graph: WaitGraph): boolean {
  if (!view.runner.processAlive || view.runner.stale) return false;
  if (view.phase !== 'idle') return group.isStuck(view);
  const inTask = graph.stuckWaiters.some(
    ({ phase, open }) => phase !== 'task_agreement' && phase !== 'idle' && (open?.taskId ?? null) !== null,
  );
  return inTask && graph.stuckWaiters.some(({ stall }) => stall > restPatience);
}

function whereText(stuck: readonly RankView[], site: Site | null, code: string): string {
  const ranks = stuck.map(({ rank }) => rank);
  const who = ranksText(ranks);
  const phases = [...new Set(stuck.map(({ phase }) => phase))].join(', ');
  const longest = secondsText(Math.max(...stuck.map(({ stall }) => stall)));
  if (site === null || code === 'COMPUTE_STALL')
    return `${who} ${hasHave(ranks)} computed in ${phases} for ${longest} without progress`;
  const left = stuck[0]?.streams.get(site.stream)?.lastLeft ?? -1;
  const after =
    stuck.length === 1 && left >= 0 && site.stream.startsWith('group ') ? `left collective ${left} and ` : '';
  return `${who} ${after}never arrived at ${placeName(site)}: in ${phases} for ${longest}`;
}

function nextStepOf(view: RankView | undefined): string | null {
  if (view === undefined) return null;
  if (view.phase === 'connect_group' || view.phase === 'created')
    return 'See whether the process came up and whether its port can be reached.';
  const local = isRunnerPhase(view.phase) && phaseFacts[view.phase].class === 'local';
  if (local) return `Look at what rank ${view.rank} does in ${view.phase}: it needs nobody for it.`;
  return isInside(view) ? null : `Look at the process of rank ${view.rank}: its threads, its device.`;
}

/** The evidence does not hold: what is missing is said in the place of a name. */
export function insufficient(
  group: Group,
  graph: WaitGraph,
  suspects: readonly RankView[],
  missing: readonly string[],
): Finding {
  const waiters = graph.stuckWaiters;
  const victims = waiters.map(({ rank }) => rank);
  const longest = Math.max(0, ...waiters.map(({ stall }) => stall));
  return {
    code: 'INSUFFICIENT_EVIDENCE',
    confidence: 'undecided',
    site: waiters[0]?.open,
    culprits: [],
    suspects: suspects.map((view) => rankIn(group, view.rank, `in ${view.phase}`)),
    victims,
    missing,
    evidence: waiters.flatMap((view) => citing(view, view.open?.enter ?? view.waitsForPeers?.row)),
    sinceUs: waiters[0]?.open?.enter?.atUs,
    sentence: `${capital(ranksText(victims))} ${hasHave(victims)} waited ${secondsText(longest)} in ${waiters[0]?.phase ?? 'a collective'}, and nobody can be named: ${missing.join('; ')}.`,
    nextStep: null,
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
