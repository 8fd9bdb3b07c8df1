import type { MlxMemorySnapshot } from '@rankscope/schema';
import { nameSite } from '@rankscope/timeline';
import { formatBytes, formatSeconds } from '../format.ts';
import type { Row } from '../timeline/row.ts';
import type { Board } from '../timeline/rows.ts';

/** One rank in words, for the table, the labels and the inspector. A dash is "not known", never zero. */
export interface RankFacts {
  readonly rank: string;
  readonly node: string;
  readonly phase: string | null;
  readonly inPhase: string;
  readonly silentFor: string;
  readonly inside: string;
  readonly process: string;
  readonly memory: string;
}

const unknown = '–';

function memoryOf(memory: MlxMemorySnapshot | null): string {
  if (memory === null) return unknown;
  const size = (bytes: { inBytes: number } | null) => (bytes === null ? unknown : formatBytes(bytes.inBytes));
  return `${size(memory.active)} / ${size(memory.peak)}`;
}

/** Seconds grow between reports by the clock, as the lanes do. */
export function rankFacts(board: Board, row: Row, nowMs: number): RankFacts {
  const lane = row.runnerId === null ? undefined : board.lanes.get(row.runnerId);
  const position = row.runnerId === null ? undefined : board.positions.get(row.runnerId);
  const base = { rank: row.rank === null ? unknown : `r${row.rank}`, node: row.nodeName || unknown, phase: row.phase };
  const nothing = {
    inPhase: unknown,
    silentFor: unknown,
    inside: unknown,
    memory: memoryOf(lane?.runner.lastMlxMemory ?? null),
  };
  if (row.state.kind === 'never_reported') return { ...base, ...nothing, process: 'never reported' };
  if (row.state.kind === 'unreachable') return { ...base, ...nothing, process: `unreachable: ${row.state.error}` };
  if (lane === undefined || position === undefined) return { ...base, ...nothing, process: unknown };
  const grownSeconds = (nowMs - board.generatedAtMs) / 1000;
  const { inside, lastLeft, secondsSinceEntry } = position;
  const ended = row.state.kind === 'ended' ? row.state.reason : null;
  const site =
    inside === null
      ? null
      : `${nameSite(inside)}${inside.layer === null ? '' : `, layer ${inside.layer}`}, ${formatSeconds(inside.seconds + grownSeconds)}`;
  return {
    ...base,
    inPhase: ended === null ? formatSeconds(lane.runner.secondsInPhase + grownSeconds) : unknown,
    silentFor:
      secondsSinceEntry === null ? unknown : formatSeconds(secondsSinceEntry + (ended === null ? grownSeconds : 0)),
    inside:
      site ??
      (lastLeft === null
        ? unknown
        : row.standing.kind === 'absent'
          ? `not there; left ${lastLeft}`
          : `left ${lastLeft}`),
    process: ended ?? (lane.runner.pid === null ? 'alive' : `alive, pid ${lane.runner.pid}`),
    memory: memoryOf(lane.runner.lastMlxMemory),
  };
}
