import { isRunnerPhase, phaseFacts } from '@rankscope/schema';
import type { Lane, PhaseSlice } from './lane.ts';
import {
  formatSeconds,
  isAbsent,
  nameSite,
  noteworthySeconds,
  type RankPosition,
  rankPositions,
} from './rank-positions.ts';
import { shortestUnmetUs, unmetGates } from './unmet-gates.ts';

/** One character of a drawing, and the phase it stands for where it stands for one. */
export interface Cell {
  readonly mark: string;
  readonly phase: string | null;
}

export interface DrawnRow {
  readonly label: string;
  readonly cells: readonly Cell[];
  /** Phase, seconds in it, and where the rank stands among the others. */
  readonly phase: string;
  readonly seconds: string;
  readonly site: string;
  readonly position: RankPosition | null;
  /** Others have stood in a collective for longer than a step of work takes, and this rank is not there. */
  readonly missed: boolean;
}

export interface Drawing {
  readonly startUs: number;
  readonly stepUs: number;
  readonly columns: number;
  readonly rows: readonly DrawnRow[];
}

export interface DrawOptions {
  readonly nowUs: number;
  readonly stepUs: number;
  readonly columns: number;
  readonly positions?: readonly RankPosition[];
}

export const drawnMarks = {
  nothingKnown: '_',
  gap: '-',
  unknownPhase: '?',
  dead: 'X',
  notReported: ' ',
  /** In a gate like its peers, but they are inside the collective and it is not: a capital would say that it waits. */
  missed: '◆',
} as const;

/**
 * Lanes as text: a row a rank, a character a step of time, the newest at the right. Columns are cut at whole multiples
 * of the step, so that a picture which is drawn again a moment later does not shiver.
 *
 * A column that holds several phases shows the gravest (an error of a microsecond is why somebody looks), else the
 * longest.
 */
export function drawLanes(lanes: readonly Lane[], options: DrawOptions): Drawing {
  const { nowUs, stepUs, columns } = options;
  const endUs = Math.ceil(nowUs / stepUs) * stepUs;
  const startUs = endUs - columns * stepUs;
  const positions = new Map((options.positions ?? rankPositions(lanes, nowUs, null)).map((p) => [p.runnerId, p]));
  const unmet = unmetGates(lanes, positions, nowUs);
  const frame = { startUs, stepUs, columns, nowUs };
  const drawn = lanes.map((lane) => {
    const position = positions.get(lane.runner.runnerId) ?? null;
    const missed = isMissed(position, positions);
    const gates = (unmet.get(lane.runner.runnerId) ?? [])
      // Of the present nobody is accused for the length of an ordinary step.
      .filter(({ endUs }) => endUs < nowUs || missed)
      .map((gate) => ({ ...gate, mark: drawnMarks.missed, gravity: 2 }));
    return { lane, position, missed, cells: paintColumns([...stretchesOf(lane, nowUs), ...gates], frame) };
  });
  const rows = drawn.flatMap(({ lane, position, missed, cells }, at) => {
    const peers = drawn.filter((each) => each.lane !== lane && each.lane.runner.instanceId === lane.runner.instanceId);
    const kept = withoutSplinters(
      cells.map((cell, column) => (peers.some((peer) => isAtWork(peer.cells[column])) ? cell : asInside(cell))),
      stepUs,
      missed,
    );
    return [drawRow(lane, kept, position, missed, nowUs), ...missingRows(lanes, at)];
  });
  return { startUs, stepUs, columns, rows };
}

type Frame = Omit<Drawing, 'rows'>;

function isMissed(position: RankPosition | null, all: ReadonlyMap<string, RankPosition>): boolean {
  if (position === null || !isAbsent(position)) return false;
  return [...all.values()].some(
    ({ instanceId, inside }) =>
      instanceId === position.instanceId && inside !== null && inside.seconds >= noteworthySeconds,
  );
}

function drawRow(
  lane: Lane,
  cells: readonly Cell[],
  position: RankPosition | null,
  missed: boolean,
  nowUs: number,
): DrawnRow {
  const { phase, secondsInPhase } = lane.runner;
  return {
    label: `rank ${lane.runner.deviceRank}`,
    cells,
    phase: lane.endedUs === null ? phase : 'ended',
    seconds: formatSeconds(lane.endedUs === null ? secondsInPhase : (nowUs - lane.endedUs) / 1e6),
    site: position === null ? '' : siteText(position, missed),
    position,
    missed,
  };
}

function siteText({ inside, lastLeft, notIn, awaitedBy }: RankPosition, missed: boolean): string {
  const place = inside !== null ? `in ${nameSite(inside)}` : lastLeft === null ? '' : `left ${lastLeft}`;
  if (!missed) return place;
  const by = awaitedBy.length === 0 ? null : `awaited by rank ${awaitedBy.join(', ')}`;
  return [place, notIn === null || notIn.past ? by : `not in ${notIn.barrierSeq}`].filter(Boolean).join(', ');
}

/** Ranks that the world size promises and nobody reported stand after the last of their instance. */
function missingRows(lanes: readonly Lane[], at: number): DrawnRow[] {
  const { instanceId, worldSize } = lanes[at]?.runner ?? { instanceId: '', worldSize: 0 };
  if (lanes.slice(at + 1).some(({ runner }) => runner.instanceId === instanceId)) return [];
  const seen = new Set(
    lanes.filter(({ runner }) => runner.instanceId === instanceId).map(({ runner }) => runner.deviceRank),
  );
  const missing = Array.from({ length: Math.min(worldSize, 1024) }, (_, rank) => rank).filter(
    (rank) => !seen.has(rank),
  );
  return missing.map((rank) => ({
    label: `rank ${rank}`,
    cells: [],
    phase: 'not reported',
    seconds: '',
    site: '',
    position: null,
    missed: false,
  }));
}

/** What fills a stretch of a lane; the graver hides the longer. */
interface Stretch extends Cell {
  readonly startUs: number;
  readonly endUs: number;
  readonly gravity: number;
}

function paintColumns(stretches: readonly Stretch[], { startUs, stepUs, columns }: Frame): Cell[] {
  const best: { cell: Cell; gravity: number; us: number }[] = Array.from({ length: columns }, () => ({
    cell: { mark: drawnMarks.nothingKnown, phase: null },
    gravity: -1,
    us: 0,
  }));
  for (const stretch of stretches) {
    const first = Math.max(0, Math.floor((stretch.startUs - startUs) / stepUs));
    const last = Math.min(columns - 1, Math.floor((Math.max(stretch.startUs, stretch.endUs - 1) - startUs) / stepUs));
    for (let column = first; column <= last; column += 1) {
      const columnUs = startUs + column * stepUs;
      const us = Math.min(stretch.endUs, columnUs + stepUs) - Math.max(stretch.startUs, columnUs);
      const now = best[column];
      if (now && (stretch.gravity > now.gravity || (stretch.gravity === now.gravity && us > now.us))) {
        best[column] = { cell: { mark: stretch.mark, phase: stretch.phase }, gravity: stretch.gravity, us };
      }
    }
  }
  return best.map(({ cell }) => cell);
}

/** A ◆ says that others wait, so it stands only where another row shows one that may. */
function isAtWork(cell: Cell | undefined): boolean {
  return cell !== undefined && cell.phase !== null && cell.mark !== drawnMarks.missed;
}

function asInside(cell: Cell): Cell {
  return cell.mark === drawnMarks.missed ? { mark: markOf(cell.phase ?? ''), phase: cell.phase } : cell;
}

/** Fewer columns than the shortest stretch takes are the rounding of a column, and a drawing of them would lose them. */
function withoutSplinters(cells: readonly Cell[], stepUs: number, missed: boolean): Cell[] {
  const kept: Cell[] = [];
  for (let at = 0; at < cells.length; ) {
    let end = at;
    while (end < cells.length && cells[end]?.mark === drawnMarks.missed) end += 1;
    const run = cells.slice(at, Math.max(end, at + 1));
    const present = missed && end === cells.length;
    const splinter = end > at && !present && (end - at) * stepUs < shortestUnmetUs;
    kept.push(...(splinter ? run.map(asInside) : run));
    at += run.length;
  }
  return kept;
}

function stretchesOf(lane: Lane, nowUs: number): Stretch[] {
  const ofSlice = (slice: PhaseSlice, beside: boolean): Stretch => {
    const { phase, startUs } = slice;
    const gravity = beside ? 0 : phase === 'error' ? 4 : phase.startsWith('cancel_') ? 3 : 1;
    return { mark: markOf(phase), phase, startUs, endUs: slice.endUs ?? Math.max(nowUs, startUs), gravity };
  };
  const dead =
    lane.endedUs === null
      ? []
      : [{ mark: drawnMarks.dead, phase: null, startUs: lane.endedUs, endUs: nowUs, gravity: 2 }];
  return [
    ...lane.overlays.map((slice) => ofSlice(slice, true)),
    ...lane.slices.map((slice) => ofSlice(slice, false)),
    ...lane.gaps.map(({ startUs, endUs }) => ({ mark: drawnMarks.gap, phase: null, startUs, endUs, gravity: 1 })),
    ...dead,
  ];
}

export function markOf(phase: string): string {
  return isRunnerPhase(phase) ? phaseFacts[phase].mark : drawnMarks.unknownPhase;
}
