import { citing, type Finding, rankIn, ranksText, secondsText } from '../finding.ts';
import type { Group } from '../group.ts';
import type { WaitGraph } from '../wait-graph.ts';

/** A slot that has no runner although the nodes answer, and somebody waits for it. */
export function judgeNeverJoined(group: Group, graph: WaitGraph): Finding | null {
  if ([...group.nodes.values()].some(({ reachable }) => !reachable)) return null;
  const waiters = graph.stuckWaiters;
  const ranks = group.absent.filter((rank) => graph.sinks.includes(rank));
  if (ranks.length === 0) return null;
  const longest = Math.max(...waiters.map(({ stall }) => stall));
  const victims = waiters.map(({ rank }) => rank);
  return {
    code: 'RANK_NEVER_JOINED',
    confidence: 'established',
    site: waiters[0]?.open,
    culprits: ranks.map((rank) => rankIn(group, rank, 'no runner was ever reported for it')),
    victims,
    evidence: waiters.flatMap((view) => citing(view, view.open?.enter ?? view.waitsForPeers?.row)),
    sinceUs: waiters[0]?.open?.enter?.atUs,
    sentence: `${capital(ranksText(ranks))} never joined: no node reports a runner for ${ranks.length === 1 ? 'it' : 'them'}, and ${ranksText(victims)} ${victims.length === 1 ? 'has' : 'have'} waited ${secondsText(longest)} in ${waiters[0]?.phase ?? 'a collective'}.`,
    nextStep: 'Start the missing rank, or see why its node did not.',
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
