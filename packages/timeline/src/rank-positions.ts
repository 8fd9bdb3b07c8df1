import type { ClusterAnalysis } from '@rankscope/schema';
import type { Lane, SiteSlice } from './lane.ts';

/** Longer than any step of healthy work: below it, standing in a collective is nothing to point at. */
export const noteworthySeconds = 1;

export interface OpenSite {
  readonly op: string;
  readonly group: number;
  readonly barrierSeq: number | null;
  readonly layer: number | null;
  readonly peer: number | null;
  readonly seconds: number;
}

/** Where a rank stands among the others. Facts from its own records; who is to blame is not for this file. */
export interface RankPosition {
  readonly runnerId: string;
  readonly instanceId: string;
  readonly nodeId: string;
  readonly deviceRank: number;
  readonly alive: boolean;
  readonly phase: string;
  readonly secondsInPhase: number;
  readonly inside: OpenSite | null;
  /** Ordinal of the last collective of the world group that the rank left. */
  readonly lastLeft: number | null;
  readonly secondsSinceEntry: number | null;
  readonly lastLeftPhase: string | null;
  /** Ranks that stand in a send or receive with this one. */
  readonly awaitedBy: readonly number[];
  /** How the process ended, as far as its node told; null while it lives. */
  readonly end: {
    readonly code: number | null;
    readonly signal: string | null;
    readonly message: string | null;
  } | null;
  /** The collective of the world group in which another rank of the instance stands, and this one does not. */
  readonly notIn: { readonly barrierSeq: number; readonly phase: string | null; readonly past: boolean } | null;
}

/** The node's own reading (`analysis`) is preferred: it is exact where the entries were cut, and of one clock. */
export function rankPositions(lanes: readonly Lane[], nowUs: number, analysis: ClusterAnalysis | null): RankPosition[] {
  const told = new Map(analysis?.runners.map((runner) => [runner.runnerId, runner]));
  const seen = lanes.map((lane): SeenPosition => {
    const { runnerId, instanceId, nodeId, deviceRank, processAlive: alive, phase, secondsInPhase } = lane.runner;
    const known = told.get(runnerId);
    const counted = known !== undefined && known.ringLastSeq !== null;
    const open = lane.sites.findLast(({ endUs }) => endUs === null);
    const left = lastLeft(lane.sites);
    const since = lane.lastEntryUs === null ? null : Math.max(0, (nowUs - lane.lastEntryUs) / 1e6);
    const site = counted ? known.openSite : open && { ...open, seconds: Math.max(0, (nowUs - open.startUs) / 1e6) };
    return {
      ...{ runnerId, instanceId, nodeId, deviceRank, alive, phase, secondsInPhase, counted, sites: lane.sites },
      end: alive
        ? null
        : { code: known?.exitCode ?? null, signal: known?.exitSignal ?? null, message: known?.errorMessage ?? null },
      inside: alive && site ? openSite(site) : null,
      insidePhase: counted ? null : (open?.phase ?? null),
      lastLeft: (counted ? known.lastLeft : null) ?? left?.barrierSeq ?? null,
      lastLeftPhase: counted ? null : (left?.phase ?? null),
      secondsSinceEntry: known?.secondsSinceProgress ?? since,
    };
  });
  return seen.map(({ counted, sites, insidePhase, ...position }) => {
    const missed = missedBy({ ...position, counted, insidePhase }, seen);
    const left = (phase: string | null, n: number) =>
      sites.some((s) => s.barrierSeq === n && s.phase === phase && s.endUs !== null);
    const past = (n: number) => position.lastLeft !== null && position.lastLeft >= n;
    const notIn = missed && {
      ...missed,
      past: counted ? past(missed.barrierSeq) : left(missed.phase, missed.barrierSeq),
    };
    return { ...position, awaitedBy: awaitedBy(position, seen), notIn };
  });
}

interface SeenPosition extends Omit<RankPosition, 'notIn' | 'awaitedBy'> {
  /** Its recorder numbers collectives across phases, as ours does; others start again in each phase. */
  readonly counted: boolean;
  readonly sites: readonly SiteSlice[];
  readonly insidePhase: string | null;
}

/** `all_sum 413`, `recv 17 from rank 1`. */
export function nameSite({ op, barrierSeq, peer }: Pick<OpenSite, 'op' | 'barrierSeq' | 'peer'>): string {
  const number = barrierSeq === null ? '' : ` ${barrierSeq}`;
  const other =
    peer === null ? '' : ` ${op.startsWith('recv') ? 'from' : op.startsWith('send') ? 'to' : 'with'} rank ${peer}`;
  return `${op}${number}${other}`;
}

/** The piece of a sentence that follows "rank 1": `inside all_sum 413 for 4.1 s`, `left 412, has not entered 413`. */
export function describePosition(position: RankPosition): string {
  const { inside, lastLeft, lastLeftPhase, notIn, alive, awaitedBy: waiting } = position;
  if (inside !== null) {
    const others = notIn !== null && inside.peer === null ? `; others are inside ${notIn.barrierSeq}` : '';
    return `inside ${nameSite(inside)} for ${formatSeconds(inside.seconds)}${others}`;
  }
  // Where each phase counts for itself, 12 may come after 40: then the number alone would mislead.
  const ambiguous = notIn !== null && !notIn.past && lastLeft !== null && lastLeft >= notIn.barrierSeq;
  const of = (phase: string | null) => (ambiguous && phase !== null ? ` of ${phase}` : '');
  const left = lastLeft === null ? 'has left no collective' : `left ${lastLeft}${of(lastLeftPhase)}`;
  const awaited = waiting.length === 0 ? '' : `, is awaited by rank ${waiting.join(' and ')}`;
  const soFar = `${endText(position)}${left}${awaited}`;
  if (notIn === null) return soFar;
  const missed = `${notIn.barrierSeq}${of(notIn.phase)}`;
  if (notIn.past) return `${soFar}, is past ${missed}`;
  return `${soFar}, ${alive ? 'has not entered' : 'never entered'} ${missed}`;
}

/** Others stand where this rank is not, or is no longer expected to come. A fact, and the first thing to look at. */
export function isAbsent({ inside, notIn, awaitedBy: waiting }: RankPosition): boolean {
  if (inside !== null) return inside.peer === null && notIn !== null;
  return (notIn !== null && !notIn.past) || waiting.length > 0;
}

function endText({ end }: RankPosition): string {
  if (end === null) return '';
  if (end.signal !== null) return `ended by ${end.signal}: `;
  return end.code === null ? 'ended: ' : `ended with code ${end.code}: `;
}

/** As short as it can be read: `0.4 s`, `41 s`, `2 min 5 s`, `3 h 12 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function openSite({ op, group, barrierSeq, layer, peer, seconds }: OpenSite): OpenSite {
  return { op, group, barrierSeq, layer, peer, seconds };
}

/** The newest collective of the world group that was left in good order. */
function lastLeft(sites: readonly SiteSlice[]): SiteSlice | null {
  const left = sites.filter(
    ({ group, peer, endUs, lost, barrierSeq }) =>
      group === 0 && peer === null && endUs !== null && !lost && barrierSeq !== null,
  );
  return left.reduce<SiteSlice | null>(
    (newest, site) => ((site.endUs ?? 0) >= (newest?.endUs ?? 0) ? site : newest),
    null,
  );
}

function awaitedBy(
  { instanceId, deviceRank }: Pick<RankPosition, 'instanceId' | 'deviceRank'>,
  all: readonly SeenPosition[],
): number[] {
  return all
    .filter((other) => other.instanceId === instanceId && other.inside?.peer === deviceRank)
    .map((other) => other.deviceRank);
}

/** Where others of the instance wait in a collective of the world group that this rank does not stand in. */
function missedBy(position: Omit<SeenPosition, 'sites'>, all: readonly SeenPosition[]) {
  const open = all.flatMap(({ instanceId, inside, insidePhase }) => {
    if (instanceId !== position.instanceId || inside === null || inside.barrierSeq === null) return [];
    return inside.group === 0 && inside.peer === null ? [{ barrierSeq: inside.barrierSeq, phase: insidePhase }] : [];
  });
  const [newest] = open.sort((a, b) => b.barrierSeq - a.barrierSeq);
  if (newest === undefined || position.inside === null) return newest ?? null;
  // Standing in an older one of the same count is being behind; numbers of different counts cannot be compared.
  const comparable = position.counted || newest.phase === position.insidePhase;
  const behind = position.inside.peer === null && comparable && (position.inside.barrierSeq ?? 0) < newest.barrierSeq;
  return behind ? newest : null;
}
