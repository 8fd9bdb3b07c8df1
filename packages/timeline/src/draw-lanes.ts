import { isRunnerPhase, phaseFacts } from '@rankscope/schema';
import type { Lane, PhaseSlice } from './lane.ts';
import { formatSeconds, nameSite, type RankPosition, rankPositions } from './rank-positions.ts';

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

export const drawnMarks = { nothingKnown: '_', gap: '-', unknownPhase: '?', dead: 'X', notReported: ' ' } as const;

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
  const rows = lanes.flatMap((lane, at) => [
    drawRow(lane, positions.get(lane.runner.runnerId) ?? null, { startUs, stepUs, columns, nowUs }),
    ...missingRows(lanes, at),
  ]);
  return { startUs, stepUs, columns, rows };
}

type Frame = Omit<Drawing, 'rows'> & { readonly nowUs: number };

function drawRow(lane: Lane, position: RankPosition | null, frame: Frame): DrawnRow {
  const columns = paintColumns(lane, frame);
  const { phase, secondsInPhase } = lane.runner;
  return {
    label: `rank ${lane.runner.deviceRank}`,
    cells: columns,
    phase: lane.endedUs === null ? phase : 'ended',
    seconds: formatSeconds(lane.endedUs === null ? secondsInPhase : (frame.nowUs - lane.endedUs) / 1e6),
    site: position === null ? '' : siteText(position),
    position,
  };
}

function siteText(position: RankPosition): string {
  if (position.inside !== null) return `in ${nameSite(position.inside)}`;
  return position.lastLeft === null ? '' : `left ${position.lastLeft}`;
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
  }));
}

/** What fills a stretch of a lane; the graver hides the longer. */
interface Stretch extends Cell {
  readonly startUs: number;
  readonly endUs: number;
  readonly gravity: number;
}

function paintColumns(lane: Lane, { startUs, stepUs, columns, nowUs }: Frame): Cell[] {
  const best: { cell: Cell; gravity: number; us: number }[] = Array.from({ length: columns }, () => ({
    cell: { mark: drawnMarks.nothingKnown, phase: null },
    gravity: -1,
    us: 0,
  }));
  for (const stretch of stretchesOf(lane, nowUs)) {
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
