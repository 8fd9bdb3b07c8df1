import type { DiagnosedNode, DiagnosedRunner, DiagnosisInput, ExpectedRank } from './diagnosis-input.ts';
import { floorOf } from './phase-floors.ts';
import { type RankView, viewRank } from './rank-view.ts';
import type { DiagnosisMemory } from './window.ts';

/** All ranks of one instance at one moment. */
export interface Group {
  readonly instanceId: string;
  readonly modelId: string;
  readonly worldSize: number;
  /** In rank order; a slot without a runner has none. */
  readonly ranks: readonly RankView[];
  /** Slots that nobody reports. */
  readonly absent: readonly number[];
  /** Every runner that was told of for a slot, of all attempts. */
  readonly runnersPerSlot: ReadonlyMap<number, readonly DiagnosedRunner[]>;
  readonly nodes: ReadonlyMap<string, DiagnosedNode>;
  readonly expected: readonly ExpectedRank[];
  readonly localNodeId: string;
  readonly masterNodeId: string | null;
  readonly nowUs: number;
  /** Seconds without progress after which a rank is stuck in the phase it is in; null: it may stay for ever. */
  readonly patience: (view: RankView) => number | null;
  readonly isStuck: (view: RankView) => boolean;
}

/** More ranks than any cluster has: a number beyond it is a broken report and not a list of that length. */
const maxWorldSize = 4_096;

export function groupsOf(input: DiagnosisInput, memory: DiagnosisMemory): Group[] {
  const nodes = new Map(input.nodes.map((node) => [node.nodeId, node]));
  const instanceIds = new Set([...input.runners, ...input.expected].map(({ instanceId }) => instanceId));
  return [...instanceIds].sort(compareText).map((instanceId) => {
    const runners = input.runners.filter((runner) => runner.instanceId === instanceId);
    const expected = input.expected.filter((rank) => rank.instanceId === instanceId);
    return groupOf({ instanceId, runners, expected, nodes, input, memory });
  });
}

interface Parts {
  readonly instanceId: string;
  readonly runners: readonly DiagnosedRunner[];
  readonly expected: readonly ExpectedRank[];
  readonly nodes: ReadonlyMap<string, DiagnosedNode>;
  readonly input: DiagnosisInput;
  readonly memory: DiagnosisMemory;
}

function groupOf({ instanceId, runners, expected, nodes, input, memory }: Parts): Group {
  const runnersPerSlot = Map.groupBy(runners, ({ rank }) => rank);
  const ranks = [...runnersPerSlot.values()]
    .flatMap((claims) => newestOf(claims) ?? [])
    .sort((a, b) => a.rank - b.rank)
    .map((runner) => viewRank(runner, memory.windows.get(runner.runnerId)?.rows ?? []));
  const worldSize = Math.min(
    maxWorldSize,
    Math.max(
      1,
      expected.length,
      ...ranks.map(({ runner }) => runner.worldSize),
      ...expected.map(({ rank }) => rank + 1),
    ),
  );
  const present = new Set(ranks.map(({ rank }) => rank));
  const patience = patienceOf(ranks);
  return {
    instanceId,
    modelId: ranks[0]?.runner.modelId ?? '',
    worldSize,
    ranks: ranks.filter(({ rank }) => rank < worldSize),
    absent: Array.from({ length: worldSize }, (_, rank) => rank).filter((rank) => !present.has(rank)),
    runnersPerSlot,
    nodes,
    expected,
    localNodeId: input.localNodeId,
    masterNodeId: input.masterNodeId,
    nowUs: input.nowUs,
    patience,
    isStuck(view) {
      const seconds = patience(view);
      return seconds !== null && view.stall > seconds;
    },
  };
}

/** Only the newest attempt of a slot is judged; of one attempt, the one that lives, then the one that was heard last. */
function newestOf(claims: readonly DiagnosedRunner[]): DiagnosedRunner | undefined {
  return claims.toSorted(
    (a, b) =>
      b.attempt - a.attempt ||
      Number(a.stale) - Number(b.stale) ||
      Number(b.processAlive) - Number(a.processAlive) ||
      Number(isOver(a)) - Number(isOver(b)) ||
      a.secondsInPhase - b.secondsInPhase ||
      compareText(a.runnerId, b.runnerId),
  )[0];
}

function isOver({ phase, statusKind }: DiagnosedRunner): boolean {
  return phase === 'shutdown_cleanup' || statusKind === 'RunnerShutdown' || statusKind === 'RunnerFailed';
}

const gapsLookedAt = 8;
const patienceFactor = 3;
const learnFrom = 20;

/**
 * The floor of the phase, or three times the longest of the rank's last gaps in it, or, once the ranks have shown twenty
 * gaps in that phase, three times the 99th percentile of them all: a model that is slow is not stuck.
 */
function patienceOf(ranks: readonly RankView[]): Group['patience'] {
  const own = new Map<RankView, ReadonlyMap<string, readonly number[]>>();
  const all = new Map<string, number[]>();
  for (const view of ranks) {
    const gaps = gapsOf(view);
    own.set(view, gaps);
    for (const [phase, some] of gaps) all.set(phase, [...(all.get(phase) ?? []), ...some]);
  }
  const learnt = new Map<string, number>();
  for (const [phase, gaps] of all) {
    if (gaps.length < learnFrom) continue;
    const sorted = gaps.toSorted((a, b) => a - b);
    learnt.set(phase, sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0);
  }
  return (view) => {
    const floor = floorOf(view.phase);
    if (floor === null) return null;
    const gaps = own.get(view)?.get(view.phase)?.slice(-gapsLookedAt) ?? [];
    return Math.max(floor, patienceFactor * Math.max(0, ...gaps, learnt.get(view.phase) ?? 0));
  };
}

/** Seconds between entries that follow each other in one phase. */
function gapsOf({ rows }: RankView): Map<string, number[]> {
  const gaps = new Map<string, number[]>();
  for (let at = 1; at < rows.length; at += 1) {
    const before = rows[at - 1];
    const row = rows[at];
    if (before === undefined || row === undefined || before.phase !== row.phase) continue;
    const seconds = (row.atUs - before.atUs) / 1e6;
    // A clock that was set is no gap.
    if (seconds < 0 || seconds > maxGap) continue;
    const known = gaps.get(row.phase);
    if (known) known.push(seconds);
    else gaps.set(row.phase, [seconds]);
  }
  return gaps;
}

/** A gap of hours is a clock that was set, or a server that nobody asked. */
const maxGap = 600;

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
