import { type Finding, rankIn, ranksText, secondsText } from '../finding.ts';
import type { Group } from '../group.ts';
import type { WaitGraph } from '../wait-graph.ts';

interface Dark {
  readonly nodeId: string;
  readonly sinceUs: number | null;
  readonly ranks: readonly number[];
}

/**
 * A node does not answer. Its ranks may be well: a collective that was released after the node went dark has had them in
 * it, and while the group goes on nobody is missing.
 */
export function judgeUnreachable(group: Group, graph: WaitGraph): Finding | null {
  const dark = darkNodes(group);
  const ranks = dark.flatMap((node) => node.ranks).sort((a, b) => a - b);
  if (ranks.length === 0) return null;
  const names = dark.map(({ nodeId }) => nodeId).join(', ');
  const stuck = graph.stuckWaiters.filter(({ rank }) => !ranks.includes(rank));
  const alone = stuck.filter((view) => waitsOnlyFor(view.rank, ranks, graph));
  const proof = stuck.length === 0 ? null : releasedSince(group, dark);
  if (stuck.length === 0 || proof !== null) {
    const why = proof === null ? 'the others do not wait for it' : `${proof} was released after it fell silent`;
    return {
      code: 'TELEMETRY_PARTITION',
      confidence: 'established',
      victims: [],
      missing: dark.map(({ nodeId }) => `what node ${nodeId} says`),
      sentence: `Node ${names} does not answer, but its ${ranksText(ranks)} ${ranks.length === 1 ? 'takes' : 'take'} part: ${why}.`,
      nextStep: 'Look at the plane of that node and at the network between the planes, not at the model.',
    };
  }
  if (alone.length !== stuck.length) return null;
  const longest = Math.max(...stuck.map(({ stall }) => stall));
  const victims = stuck.map(({ rank }) => rank);
  return {
    code: 'NODE_UNREACHABLE',
    confidence: 'supported',
    site: stuck[0]?.open,
    culprits: ranks.map((rank) => rankIn(group, rank, 'its node does not answer')),
    victims,
    missing: dark.map(({ nodeId }) => `what node ${nodeId} says`),
    evidence: stuck.map(({ runner, open }) => ({ runnerId: runner.runnerId, seq: open?.enter?.seq ?? null })),
    sinceUs: stuck[0]?.open?.enter?.atUs,
    sentence: `Node ${names} does not answer and ${ranksText(victims)} ${victims.length === 1 ? 'has' : 'have'} waited ${secondsText(longest)} for its ${ranksText(ranks)}.`,
    nextStep: 'See whether the machine is up and its network is there.',
  };
}

/** Silent nodes with the slots that are theirs: as expected, as last heard, or, where nobody knows, the slots nobody has. */
function darkNodes(group: Group): Dark[] {
  const silent = [...group.nodes.values()].filter(({ reachable }) => !reachable);
  const known = new Map<string, Set<number>>();
  const claim = (nodeId: string, rank: number) => known.set(nodeId, (known.get(nodeId) ?? new Set<number>()).add(rank));
  for (const { runner, rank } of group.ranks) claim(runner.nodeId, rank);
  for (const { nodeId, rank } of group.expected) claim(nodeId, rank);
  const placed = new Set([...known.values()].flatMap((ranks) => [...ranks]));
  const homeless = group.absent.filter((rank) => !placed.has(rank));
  const strangers = silent.filter(({ nodeId }) => !known.has(nodeId));
  return silent.flatMap(({ nodeId, unreachableSinceUs }) => {
    const own = [...(known.get(nodeId) ?? [])];
    // Which of several silent strangers has which slot is not known; the first speaks for them all.
    const ranks = own.length > 0 ? own : strangers[0]?.nodeId === nodeId ? homeless : [];
    return ranks.length === 0 ? [] : [{ nodeId, sinceUs: unreachableSinceUs, ranks }];
  });
}

function waitsOnlyFor(rank: number, ranks: readonly number[], graph: WaitGraph): boolean {
  const seen = new Set<number>([rank]);
  const queue = [rank];
  let found = false;
  while (queue.length > 0) {
    const from = queue.pop();
    for (const wait of graph.waits.filter((one) => one.from === from)) {
      if (ranks.includes(wait.to)) found = true;
      else if (!graph.isWaiting(wait.to)) return false;
      else if (!seen.has(wait.to)) {
        seen.add(wait.to);
        queue.push(wait.to);
      }
    }
  }
  return found;
}

/** A collective of the whole group that ranks left after the node fell silent, by the clock of whoever asked. */
function releasedSince(group: Group, dark: readonly Dark[]): string | null {
  const since = dark.map(({ sinceUs }) => sinceUs).filter((us) => us !== null);
  if (since.length === 0) return null;
  const latest = Math.max(...since);
  for (const view of group.ranks) {
    if (view.runner.stale) continue;
    // By the node's own clock, how long ago; the two clocks are never compared.
    const nodeNowUs = (view.last?.atUs ?? 0) + view.stall * 1e6;
    for (const { sites } of view.streams.values())
      for (const { exit, ordinal, phase } of sites.values()) {
        if (exit === null || exit.event === 'collective_failed') continue;
        if (view.runner.heardAtUs - (nodeNowUs - exit.atUs) > latest) return `${exit.op ?? phase} ${ordinal}`;
      }
  }
  return null;
}
