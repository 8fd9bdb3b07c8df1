import type { DiagnosedRunner } from './diagnosis-input.ts';
import type { Row } from './row.ts';

/** A collective as one rank knows it: entered, and perhaps left. */
export interface Site {
  readonly stream: string;
  readonly ordinal: number;
  readonly phase: string;
  readonly taskId: string | null;
  readonly enter: Row | null;
  readonly exit: Row | null;
}

/** The collectives of one sequence of numbers, as one rank has been through them. */
export interface Stream {
  readonly sites: ReadonlyMap<number, Site>;
  readonly lastArrived: number;
  readonly lastLeft: number;
}

/** A rank slot of an instance: its newest runner, with what its window says. */
export interface RankView {
  readonly rank: number;
  readonly runner: DiagnosedRunner;
  readonly rows: readonly Row[];
  readonly streams: ReadonlyMap<string, Stream>;
  /** Entered and not left; the innermost. */
  readonly open: Site | null;
  /** Waits for these peers to send or to take. */
  readonly waitsForPeers: { readonly peers: readonly number[]; readonly row: Row } | null;
  readonly phase: string;
  readonly taskId: string | null;
  /** Seconds since the last entry. */
  readonly stall: number;
  readonly last: Row | null;
}

/**
 * The sequence that a collective's number belongs to. Where a recorder names the group, one sequence runs through all
 * phases; where it does not, each phase counts for itself.
 */
export function streamOf(row: Row): string {
  return row.group >= 0 ? `group ${row.group}` : row.phase;
}

export function viewRank(runner: DiagnosedRunner, rows: readonly Row[]): RankView {
  const streams = new Map<string, { sites: Map<number, Site>; lastArrived: number; lastLeft: number }>();
  let open: Site | null = null;
  let waitsForPeers: RankView['waitsForPeers'] = null;
  for (const row of rows) {
    // Whoever records anything else has left a wait that has no exit of its own.
    if (waitsForPeers !== null && row.cell === waitsForPeers.row.cell) waitsForPeers = null;
    if (row.kind === 'wait_peer') waitsForPeers = { peers: row.peers, row };
    if (row.kind !== 'arrive' && row.kind !== 'leave') continue;
    const key = streamOf(row);
    const stream = streams.get(key) ?? { sites: new Map<number, Site>(), lastArrived: -1, lastLeft: -1 };
    streams.set(key, stream);
    const known = stream.sites.get(row.ordinal);
    // A sequence that begins anew with another task.
    const again = row.kind === 'arrive' && known !== undefined && known.taskId !== row.taskId;
    if (again || (row.kind === 'arrive' && row.ordinal < stream.lastArrived && known === undefined)) {
      stream.sites.clear();
      stream.lastArrived = -1;
      stream.lastLeft = -1;
    }
    const { ordinal, phase, taskId } = row;
    const site: Site =
      row.kind === 'arrive'
        ? { stream: key, ordinal, phase, taskId, enter: row, exit: null }
        : {
            stream: key,
            ordinal,
            phase: known?.phase ?? phase,
            taskId: known?.taskId ?? taskId,
            enter: known?.enter ?? null,
            exit: row,
          };
    stream.sites.set(ordinal, site);
    stream.lastArrived = Math.max(stream.lastArrived, ordinal);
    if (row.kind === 'leave') {
      stream.lastLeft = Math.max(stream.lastLeft, ordinal);
      if (open !== null && open.stream === key && open.ordinal <= ordinal) open = null;
    } else open = site;
  }
  const last = rows.at(-1) ?? null;
  return {
    rank: runner.rank,
    runner,
    rows,
    streams,
    open: standsIn(open, runner, last) ? open : null,
    waitsForPeers,
    phase: runner.phase === '' ? (last?.phase ?? 'created') : runner.phase,
    taskId: runner.taskId ?? last?.taskId ?? null,
    stall: stallOf(runner, rows),
    last,
  };
}

/** A recorder that does not record exits is in a collective only while it is still in that phase. */
function standsIn(open: Site | null, runner: DiagnosedRunner, last: Row | null): boolean {
  if (open === null) return false;
  if (open.stream.startsWith('group ')) return true;
  return last === open.enter || runner.phase === open.phase || runner.phase === '';
}

/**
 * Seconds since the rank recorded anything, by its node's own clock: what the node says of it, or else how long the rank
 * has been in its phase, less what it has recorded in it. The clock of whoever asked is the last resort.
 */
function stallOf(runner: DiagnosedRunner, rows: readonly Row[]): number {
  if (runner.secondsSinceProgress !== null) return runner.secondsSinceProgress;
  const last = rows.at(-1);
  if (last === undefined) return runner.secondsInPhase;
  if (last.phase !== runner.phase) return runner.secondsInPhase;
  let first = last;
  for (let at = rows.length - 1; at >= 0 && rows[at]?.phase === last.phase; at -= 1) first = rows[at] as Row;
  return Math.max(0, runner.secondsInPhase - (last.atUs - first.atUs) / 1e6);
}
