import { isGate } from '@rankscope/schema';
import { drawnMarks } from './draw-lanes.ts';
import { phaseOfMark } from './phase-of-mark.ts';
import { noteworthySeconds } from './rank-positions.ts';

/** A row of a drawing as it was read. */
export interface TextRow {
  readonly rank: number;
  /** Begins with ◆. */
  readonly missed: boolean;
  readonly marks: string;
  readonly phase: string | null;
  readonly seconds: number | null;
  readonly site: string;
}

/** Columns, and the moment where they begin. */
export interface TextFrame {
  readonly startUs: number;
  readonly stepUs: number;
  readonly columns: number;
}

export interface DrawnSite {
  readonly op: string;
  readonly barrierSeq: number | null;
  readonly peer: number | null;
  readonly startUs: number;
  /** Null for the one that the rank is inside. */
  readonly endUs: number | null;
}

interface Columns {
  readonly from: number;
  readonly to: number;
}

/**
 * Where the rows of a drawing were inside a collective. A drawing tells it by contrast only: in the columns in which
 * some row is ◆, whoever is drawn in a gate was inside. The waits of the past have no numbers; any before the newest
 * will do, as long as no two are the same.
 */
export function drawnSites(rows: readonly TextRow[], frame: TextFrame): DrawnSite[][] {
  const { startUs, stepUs, columns } = frame;
  const nowUs = startUs + columns * stepUs;
  const newest = Math.max(0, ...rows.map(({ site }) => Number(/^(?:in \w+|left) (\d+)/.exec(site)?.[1] ?? 0)));
  const someMissed = rows.some(({ missed }) => missed);
  let numbered = 1;
  return rows.map((row): DrawnSite[] => {
    const runs = insideRuns(row, rows);
    const open = parseSite(row.site);
    // Below a second nobody is missed: then the words tell where a rank is, and its marks where it was.
    const isOpen = ({ to }: Columns) => someMissed && open !== null && open.peer === null && to === columns;
    const past = runs
      .filter((run) => !isOpen(run))
      .map(({ from, to }): DrawnSite => {
        numbered += 1;
        // A wait that ends with the drawing has ended before it: what is open is told in words.
        const endUs = Math.min(startUs + to * stepUs, nowUs - 1);
        const place = { op: 'all_sum', peer: null, barrierSeq: newest - numbered };
        return { ...place, startUs: startUs + from * stepUs, endUs };
      });
    if (open === null) return past;
    const run = runs.find(isOpen);
    const cameUs = startUs + (row.marks.lastIndexOf(drawnMarks.missed) + 1) * stepUs;
    const sinceUs = Math.min(
      run === undefined ? nowUs : startUs + run.from * stepUs,
      nowUs - (someMissed ? noteworthySeconds * 1e6 : 0),
    );
    const enteredUs = cameUs === nowUs ? nowUs - 1 : Math.max(sinceUs, cameUs);
    return [...past, { ...open, startUs: enteredUs, endUs: null }];
  });
}

/** `in all_sum 413` · `in recv 17 from rank 1`. */
function parseSite(text: string): Pick<DrawnSite, 'op' | 'barrierSeq' | 'peer'> | null {
  const { op, n, peer } = /^in (?<op>\w+)(?: (?<n>\d+))?(?: \w+ rank (?<peer>\d+))?/.exec(text)?.groups ?? {};
  if (op === undefined) return null;
  return { op, barrierSeq: n === undefined ? null : Number(n), peer: peer === undefined ? null : Number(peer) };
}

function insideRuns(row: TextRow, rows: readonly TextRow[]): Columns[] {
  const runs: Columns[] = [];
  for (const at of row.marks.split('').keys()) {
    if (!wasInside(row, rows, at)) continue;
    const last = runs.at(-1);
    if (last?.to === at) runs[runs.length - 1] = { ...last, to: at + 1 };
    else runs.push({ from: at, to: at + 1 });
  }
  return runs;
}

/** Collectives are made in other phases too: where nobody is drawn in a gate, who says so was inside, or the first. */
function wasInside(row: TextRow, rows: readonly TextRow[], at: number): boolean {
  const waited = rows.some((other) => other !== row && other.marks[at] === drawnMarks.missed);
  const able = rows.filter(({ marks }) => phaseOfMark.has(marks.charAt(at)) || marks[at] === drawnMarks.unknownPhase);
  if (!waited || !able.includes(row)) return false;
  const inGate = (other: TextRow) => isGate(phaseOfMark.get(other.marks.charAt(at)) ?? '');
  if (able.some(inGate)) return inGate(row);
  return row === (able.find(({ site }) => site.startsWith('in ')) ?? able[0]);
}
