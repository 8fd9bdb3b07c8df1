import { isGate } from '@rankscope/schema';
import type { Lane } from './lane.ts';
import type { RankPosition } from './rank-positions.ts';

export interface Stretch {
  readonly startUs: number;
  readonly endUs: number;
}

/** Shorter than this, ranks merely arrive one after the other, or their nodes' clocks differ. */
export const shortestUnmetUs = 250_000;

/** A stretch of a gate's phase in which a rank had not entered the collective that others were inside. */
export interface UnmetGate extends Stretch {
  readonly phase: string;
}

/** Per runner. The phase of such a rank is that of its peers and says that it waits; in truth it is waited for. */
export function unmetGates(
  lanes: readonly Lane[],
  positions: ReadonlyMap<string, RankPosition>,
  nowUs: number,
): ReadonlyMap<string, readonly UnmetGate[]> {
  const seen = lanes.map((lane) => ({ lane, met: sitesOf(lane, positions.get(lane.runner.runnerId), nowUs) }));
  const waits = seen.flatMap(({ lane: { runner }, met }) =>
    met.filter((site) => site.ofTheWorld).map((site) => ({ runner, ...site })),
  );
  return new Map(
    seen.map(({ lane, met }) => {
      const { runnerId, instanceId } = lane.runner;
      const peers = waits.filter(({ runner }) => runner.instanceId === instanceId && runner.runnerId !== runnerId);
      const lastLeft = positions.get(runnerId)?.lastLeft ?? null;
      return [runnerId, peers.length === 0 ? [] : unmetBy(lane, met, peers, lastLeft, nowUs)];
    }),
  );
}

function unmetBy(
  lane: Lane,
  own: readonly Met[],
  peers: readonly Met[],
  lastLeft: number | null,
  nowUs: number,
): UnmetGate[] {
  const isPast = ({ open, barrierSeq }: Met, us: number) =>
    (open && barrierSeq !== null && lastLeft !== null && lastLeft >= barrierSeq) ||
    own.some((site) => !site.open && site.barrierSeq === barrierSeq && site.endUs <= us);
  const gates = lane.slices
    .filter(({ phase }) => isGate(phase))
    .map(({ phase, startUs, endUs }) => ({ phase, startUs, endUs: endUs ?? Math.max(nowUs, startUs) }))
    .filter((gate) => counts(gate, nowUs));
  return gates.flatMap((gate) =>
    without(gate, own)
      .filter((free) => counts(free, nowUs))
      .flatMap((free) => {
        const missed = peers
          .filter((site) => site.endUs > free.startUs && site.startUs < free.endUs && !isPast(site, free.startUs))
          .map(({ startUs, endUs }) => ({
            startUs: Math.max(startUs, free.startUs),
            endUs: Math.min(endUs, free.endUs),
          }));
        return union(missed)
          .filter((stretch) => counts(stretch, nowUs))
          .map((stretch) => ({ ...stretch, phase: gate.phase }));
      }),
  );
}

interface Met extends Stretch {
  readonly barrierSeq: number | null;
  readonly open: boolean;
  readonly ofTheWorld: boolean;
}

/** What goes on is judged by how long the others have waited, not by how long this rank has stood there. */
const counts = (stretch: Stretch, nowUs: number) => stretch.endUs >= nowUs || isLong(stretch);
const isLong = ({ startUs, endUs }: Stretch) => endUs - startUs >= shortestUnmetUs;

/** Where a rank stood; a node's own reading knows of a site whose entry was cut off. */
function sitesOf({ sites }: Lane, position: RankPosition | undefined, nowUs: number): Met[] {
  const met = sites.map(
    ({ startUs, endUs, barrierSeq, group, peer }): Met => ({
      ...{ startUs, endUs: endUs ?? nowUs, barrierSeq, open: endUs === null },
      ofTheWorld: group === 0 && peer === null,
    }),
  );
  const inside = position?.inside ?? null;
  if (inside === null || met.some(({ open }) => open)) return met;
  const { seconds, barrierSeq, group, peer } = inside;
  const startUs = nowUs - seconds * 1e6;
  return [...met, { startUs, endUs: nowUs, barrierSeq, open: true, ofTheWorld: group === 0 && peer === null }];
}

function without(whole: Stretch, parts: readonly Stretch[]): Stretch[] {
  const left: Stretch[] = [];
  let startUs = whole.startUs;
  for (const part of parts.toSorted((a, b) => a.startUs - b.startUs)) {
    if (part.endUs <= startUs || part.startUs >= whole.endUs) continue;
    if (part.startUs > startUs) left.push({ startUs, endUs: part.startUs });
    startUs = Math.max(startUs, part.endUs);
  }
  if (startUs < whole.endUs) left.push({ startUs, endUs: whole.endUs });
  return left;
}

function union(parts: readonly Stretch[]): Stretch[] {
  const found: { startUs: number; endUs: number }[] = [];
  for (const part of parts.toSorted((a, b) => a.startUs - b.startUs)) {
    const last = found.at(-1);
    if (last !== undefined && part.startUs <= last.endUs) last.endUs = Math.max(last.endUs, part.endUs);
    else found.push({ ...part });
  }
  return found;
}
