import {
  citing,
  type Evidence,
  type Finding,
  hasHave,
  minorityOf,
  rankIn,
  ranksText,
  secondsText,
} from '../finding.ts';
import type { Group } from '../group.ts';
import { gateOrder } from '../phase-floors.ts';
import type { RankView } from '../rank-view.ts';
import type { Row } from '../row.ts';
import { placeName, type WaitGraph } from '../wait-graph.ts';

/** Everybody waits and nobody is missing: the ranks have parted ways, or all stand in the same place. */
export function judgeDivergence(group: Group, graph: WaitGraph): Finding | null {
  if (graph.stuckWaiters.length === 0 || graph.sinks.length > 0) return null;
  return (
    judgeCancel(group, graph) ??
    judgeParameters(group, graph) ??
    judgeTasks(group, graph) ??
    judgeOrder(group, graph) ??
    judgeSymmetric(group, graph)
  );
}

/** Part of the ranks has seen a cancel while the rest is in a collective of that task. */
function judgeCancel(group: Group, graph: WaitGraph): Finding | null {
  const cancels = group.ranks.flatMap((view) => {
    const row = view.rows.findLast(({ phase }) => phase === 'cancel_observed' || phase === 'cancel_requested');
    return row?.taskId ? [{ view, row, taskId: row.taskId }] : [];
  });
  for (const { taskId } of cancels) {
    const gone = cancels.filter((one) => one.taskId === taskId && one.view.open?.taskId !== taskId);
    const rest = graph.stuckWaiters.filter(({ open }) => open?.taskId === taskId);
    const restKnew = rest.filter((view) => cancels.some((one) => one.view === view && one.taskId === taskId));
    if (gone.length === 0 || rest.length === 0 || restKnew.length === rest.length) continue;
    const agreed = gone.every(({ row }) => row.event.includes('agreed'));
    const halves = agreed ? false : gone.length === rest.length && group.worldSize > 2;
    const blamed = agreed ? rest.map(({ rank }) => rank) : gone.map(({ view }) => view.rank);
    const away = ranksText(gone.map(({ view }) => view.rank));
    const inside = ranksText(rest.map(({ rank }) => rank));
    const why = agreed ? 'did not see the cancel that the others agreed on' : 'left the task by a cancel of its own';
    const accused = blamed.map((rank) => rankIn(group, rank, why));
    return {
      code: 'CANCEL_DIVERGENCE',
      confidence: halves ? 'undecided' : 'established',
      subreason: rest[0]?.phase,
      site: rest[0]?.open,
      culprits: halves ? [] : accused,
      suspects: halves ? [...accused, ...rest.map(({ rank }) => rankIn(group, rank, 'did not see the cancel'))] : [],
      victims: group.ranks.map(({ rank }) => rank).filter((rank) => !blamed.includes(rank)),
      evidence: [...gone.flatMap(({ view, row }) => citing(view, row)), ...placesOf(rest)],
      sinceUs: gone[0]?.row.atUs,
      sentence: `${capital(away)} left the task by a cancel and ${inside} still ${rest.length === 1 ? 'stands' : 'stand'} in ${rest[0]?.open ? placeName(rest[0].open) : 'it'}, for ${longest(rest)}.`,
      nextStep: 'A cancel must be agreed by all ranks in a collective before any of them leaves.',
    };
  }
  return null;
}

const mustAgree = ['chunkTotal', 'promptTokens'] as const;

/** The ranks were given different parameters for the same step. */
function judgeParameters(group: Group, graph: WaitGraph): Finding | null {
  const sizes = new Map(group.ranks.map(({ rank, runner }) => [rank, runner.worldSize]));
  const worlds = new Set(sizes.values());
  if (worlds.size > 1) return parameterFinding(group, graph, 'worldSize', sizes, new Map());
  for (const name of mustAgree) {
    const rows = new Map<number, Row>();
    for (const view of group.ranks) {
      const row = view.rows.findLast((one) => one[name] >= 0 && (one.taskId === null || one.taskId === view.taskId));
      if (row) rows.set(view.rank, row);
    }
    const votes = new Map([...rows].map(([rank, row]) => [rank, row[name]]));
    const tasks = new Set([...rows.values()].map(({ taskId, phase }) => `${taskId} ${phase}`));
    if (votes.size > 1 && tasks.size === 1 && new Set(votes.values()).size > 1)
      return parameterFinding(group, graph, name, votes, rows);
  }
  return null;
}

function parameterFinding(
  group: Group,
  graph: WaitGraph,
  name: string,
  votes: ReadonlyMap<number, number>,
  rows: ReadonlyMap<number, Row>,
): Finding {
  const decided = minorityOf(votes);
  const ranks = decided?.minority ?? [];
  const all = [...votes.keys()];
  const accused = (decided === null ? all : ranks).map((rank) => rankIn(group, rank, `${name} ${votes.get(rank)}`));
  const what = [...votes].map(([rank, value]) => `rank ${rank}: ${value}`).join(', ');
  return {
    code: 'PARAM_MISMATCH',
    confidence: decided === null ? 'undecided' : 'established',
    subreason: name,
    site: graph.stuckWaiters[0]?.open,
    culprits: decided === null ? [] : accused,
    suspects: decided === null ? accused : [],
    victims: all.filter((rank) => !ranks.includes(rank)),
    evidence: group.ranks.flatMap((view) => (votes.has(view.rank) ? citing(view, rows.get(view.rank)) : [])),
    sinceUs: graph.stuckWaiters[0]?.open?.enter?.atUs,
    sentence: `The ranks do not agree on ${name} (${what}), and all wait, for ${longest(graph.stuckWaiters)}.`,
    nextStep: 'Give every rank the same parameters.',
  };
}

/** The ranks work on different tasks. */
function judgeTasks(group: Group, graph: WaitGraph): Finding | null {
  const views = group.ranks.filter(({ runner }) => runner.processAlive);
  const votes = new Map(views.map((view) => [view.rank, view.open === null ? view.taskId : view.open.taskId]));
  if (new Set(votes.values()).size < 2) return null;
  const decided = minorityOf(votes);
  const ranks = decided?.minority ?? [];
  const accused = (decided === null ? [...votes.keys()] : ranks).map((rank) =>
    rankIn(group, rank, votes.get(rank) === null ? 'works on no task' : `works on task ${votes.get(rank)}`),
  );
  const others = [...votes.keys()].filter((rank) => !ranks.includes(rank));
  const who = decided === null ? capital(ranksText([...votes.keys()])) : capital(ranksText(ranks));
  const where = views.filter(({ rank }) => ranks.includes(rank)).map(({ phase }) => phase)[0];
  return {
    code: 'TASK_DIVERGENCE',
    confidence: decided === null ? 'undecided' : 'established',
    subreason: where,
    site: graph.stuckWaiters.find(({ rank }) => others.includes(rank))?.open,
    culprits: decided === null ? [] : accused,
    suspects: decided === null ? accused : [],
    victims: others,
    evidence: placesOf(views),
    sinceUs: graph.stuckWaiters[0]?.open?.enter?.atUs,
    sentence:
      decided === null
        ? `${who} wait for each other in different tasks, for ${longest(graph.stuckWaiters)}; neither side is the larger.`
        : `${who} ${hasHave(ranks)} gone to another task (${where ?? 'unknown'}) than ${ranksText(others)}, and all wait, for ${longest(graph.stuckWaiters)}.`,
    nextStep: 'Which task is next must be agreed by all ranks.',
  };
}

/** One task, different gates. */
function judgeOrder(group: Group, graph: WaitGraph): Finding | null {
  const views = graph.stuckWaiters.filter(({ open }) => open !== null);
  const gates = new Set(views.map(({ open }) => `${open?.phase}`));
  if (gates.size < 2) return null;
  const complete = views.every(isComplete);
  const skipped = complete ? views.filter(skippedGate) : [];
  const decided = skipped.length > 0 && skipped.length < views.length;
  const accused = (decided ? skipped : views).map((view) => rankIn(group, view.rank, `in ${view.open?.phase}`));
  const ranks = accused.map(({ rank }) => rank);
  return {
    code: 'PHASE_ORDER_DIVERGENCE',
    confidence: decided ? 'established' : 'undecided',
    subreason: [...gates].sort().join(' and '),
    site: views[0]?.open,
    culprits: decided ? accused : [],
    suspects: decided ? [] : accused,
    victims: decided ? views.map(({ rank }) => rank).filter((rank) => !ranks.includes(rank)) : [],
    missing: complete ? [] : ['the entries before the ranks parted: the recorders no longer hold them'],
    evidence: placesOf(views),
    sinceUs: views[0]?.open?.enter?.atUs,
    sentence: `The ranks wait for each other in different gates of one task (${views.map((view) => `rank ${view.rank}: ${view.open?.phase}`).join(', ')}), for ${longest(views)}.`,
    nextStep: null,
  };
}

/** The window begins with the recorder, so nothing before it is unknown. */
function isComplete(view: RankView): boolean {
  return view.rows[0]?.phase === 'created' || (view.runner.ringFirstSeq === 0 && view.rows[0]?.seq === 0);
}

/** The rank's history of this task lacks a gate that comes before the one that it is in. */
function skippedGate(view: RankView): boolean {
  const at = gateOrder.indexOf(view.open?.phase ?? '');
  const task = view.open?.taskId ?? null;
  return gateOrder
    .slice(1, Math.max(1, at))
    .some((gate) => !view.rows.some((row) => row.phase === gate && (task === null || row.taskId === task)));
}

/** All have come, none has left: the collective itself does not end, and nobody can be named for it. */
function judgeSymmetric(group: Group, graph: WaitGraph): Finding | null {
  const [first] = graph.stuckWaiters;
  if (first === undefined) return null;
  const all = graph.stuckWaiters.length === group.worldSize;
  const where = first.open ? placeName(first.open) : first.phase;
  const ranks = graph.stuckWaiters.map(({ rank }) => rank);
  return {
    code: 'SYMMETRIC_HANG',
    confidence: all ? 'established' : 'supported',
    subreason: first.phase,
    site: first.open,
    victims: ranks,
    evidence: placesOf(graph.stuckWaiters),
    sinceUs: first.open?.enter?.atUs,
    sentence:
      `${all ? 'All' : capital(ranksText(ranks))} ${all ? `${ranks.length} ranks` : ''} have come to ${where} and none has left it, for ${longest(graph.stuckWaiters)}: nobody can be named.`.replace(
        / {2,}/g,
        ' ',
      ),
    nextStep: 'The transport or the device does not finish the collective: look at the links between the ranks.',
  };
}

function placesOf(views: readonly RankView[]): Evidence[] {
  return views.flatMap((view) => citing(view, view.waitsForPeers?.row ?? view.open?.enter));
}

function longest(views: readonly RankView[]): string {
  return secondsText(Math.max(0, ...views.map(({ stall }) => stall)));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
