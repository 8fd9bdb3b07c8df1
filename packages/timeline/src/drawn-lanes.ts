import { type ClusterTimeline, type ClusterTimelineEntry, isGate } from '@rankscope/schema';
import { drawnMarks } from './draw-lanes.ts';
import { type DrawnSite, drawnSites, type TextFrame, type TextRow } from './drawn-sites.ts';
import { compareTimed, timed } from './entry-order.ts';
import { formatUs } from './instant.ts';
import { phaseOfMark } from './phase-of-mark.ts';

/** When drawings without a date take place. */
const drawnStartUs = Date.UTC(2026, 0, 1) * 1000;

/**
 * The inverse of {@link formatDrawing}: a deadlock can be pasted from a terminal into an issue, and from there into a
 * test. Rows are `rank 0  llGGdD`; one mark is a second unless the text says `one mark = 250 ms`. After the marks may
 * follow `phase  seconds  in all_sum 413` or `… left 412, not in 413`. A row that begins with ◆ is one that others have
 * waited for; where its marks are ◆ they have been inside since then.
 */
export function drawnLanes(text: string): ClusterTimeline {
  const step = /one mark = ([\d.]+) (ms|s)/.exec(text);
  const stepUs = step === null ? 1e6 : Number(step[1]) * (step[2] === 'ms' ? 1000 : 1e6);
  const found = [...text.matchAll(rowPattern)].map(({ groups }) => groups ?? {});
  const rows = found.map(({ missed, rank, marks = '', phase, h, min, s, site }): TextRow => {
    const seconds = phase === undefined ? null : Number(h ?? 0) * 3600 + Number(min ?? 0) * 60 + Number(s ?? 0);
    return { rank: Number(rank), missed: missed !== undefined, marks, phase: phase ?? null, seconds, site: site ?? '' };
  });
  const worldSize = Math.max(0, ...[...text.matchAll(/^[ ◆]*rank (\d+) /gm)].map(([, rank]) => Number(rank) + 1));
  const columns = Math.max(0, ...rows.map(({ marks }) => marks.length));
  const nowUs = drawnStartUs + columns * stepUs;
  const frame = { startUs: drawnStartUs, stepUs, columns };
  const sites = drawnSites(rows, frame);
  const entries = rows.flatMap((row, at) => entriesOf(row, sites[at] ?? [], worldSize, frame));
  return {
    generatedAt: formatUs(nowUs),
    localNodeId: 'drawn',
    masterNodeId: null,
    runners: rows.map((row) => runnerOf(row, worldSize, stepUs, columns)),
    timeline: timed(entries)
      .sort(compareTimed)
      .map(({ entry }) => entry),
    unreachableNodes: [],
  };
}

/** `rank 1  llGGdd  decode_stream  2 min 5 s  left 412`; everything after the marks may be missing. */
const rowPattern =
  /^ *(?<missed>◆)? *rank (?<rank>\d+) {2,}(?<marks>\S+)(?: {2,}(?<phase>\S+) +(?:(?<h>\d+) h ?)?(?:(?<min>\d+) min ?)?(?:(?<s>[\d.]+) s)?(?: {2,}(?<site>.*))?)?$/gm;

function entriesOf(row: TextRow, sites: readonly DrawnSite[], worldSize: number, frame: TextFrame) {
  const entries: (readonly [us: number, entry: ClusterTimelineEntry])[] = [];
  const put: Put = (us, phase, event, attrs = {}) =>
    void entries.push([
      us,
      {
        at: formatUs(us),
        nodeId: `node-${row.rank}`,
        runnerId: `run-${row.rank}`,
        deviceRank: row.rank,
        worldSize,
        phase,
        event,
        detail: null,
        attrs,
        taskId: null,
        commandId: null,
        mlxMemory: null,
      },
    ]);
  putPhases(row, frame, put);
  const lastUs = Math.max(
    drawnStartUs,
    ...entries.filter(([, { event }]) => event === 'enter').map(([us]) => us),
    ...sites.map(({ endUs }) => endUs ?? 0),
  );
  for (const site of sites) putSite(row, site, put);
  const left = /^left (\d+)/.exec(row.site)?.[1];
  // Inside what was drawn last, so that it moves nothing.
  if (left !== undefined)
    put(lastUs, lastPhase(row), 'collective_exit', { op: 'all_sum', group: 0, barrierSeq: Number(left) });
  let seq = 0;
  return entries
    .sort(([a], [b]) => a - b)
    .map(([, entry]) => ({ ...entry, attrs: 'seq' in entry.attrs ? entry.attrs : { seq: seq++, ...entry.attrs } }));
}

type Put = (us: number, phase: string, event: string, attrs?: ClusterTimelineEntry['attrs']) => void;

function putPhases(row: TextRow, { stepUs }: TextFrame, put: Put): void {
  let dropped = false;
  for (const { from, to, mark, phase } of runsOf(row)) {
    const startUs = drawnStartUs + from * stepUs;
    if (mark === drawnMarks.nothingKnown) continue;
    if (mark === drawnMarks.dead) put(startUs, 'shutdown_cleanup', 'process_died', { source: 'supervisor', seq: 0 });
    else if (mark === drawnMarks.gap) dropped = true;
    else {
      put(startUs, phase, 'enter', dropped ? { dropped: 1 } : {});
      dropped = false;
      const ends = to < row.marks.length && row.marks[to] !== drawnMarks.dead;
      if (ends) put(drawnStartUs + to * stepUs, phase, 'exit');
    }
  }
  if (dropped) throw new Error(`rank ${row.rank}: a gap has no end until something is drawn after it`);
}

function putSite(row: TextRow, { op, barrierSeq, peer, startUs, endUs }: DrawnSite, put: Put): void {
  const place = {
    ...{ op, group: 0 },
    ...(barrierSeq !== null && { barrierSeq }),
    ...(peer !== null && { waitingOn: peer }),
  };
  put(startUs, lastPhase(row), 'collective_enter', place);
  // A row that does not say what it left last left nothing in good order.
  if (endUs !== null)
    put(endUs, lastPhase(row), /^(left|in) /.test(row.site) ? 'collective_exit' : 'collective_failed', place);
}

const lastPhase = (row: TextRow) => row.phase ?? (runsOf(row).at(-1)?.phase || 'idle');

interface Run {
  readonly from: number;
  readonly to: number;
  readonly mark: string;
  readonly phase: string;
}

/** Runs of one phase. ◆ is in the gate whose capital stands beside it, else in the one that the row's words name. */
function runsOf(row: TextRow): Run[] {
  const runs: Run[] = [];
  for (const { 0: run, index: from } of row.marks.matchAll(/(.)\1*/g)) {
    const mark = run.charAt(0);
    const last = runs.at(-1);
    const phase = phaseOf(row, mark, from + run.length, last);
    const to = from + run.length;
    const joins = last !== undefined && phase === last.phase && isGate(phase) && last.to === from;
    if (joins) runs[runs.length - 1] = { ...last, to };
    else runs.push({ from, to, mark, phase });
  }
  return runs;
}

function phaseOf({ rank, marks, phase }: TextRow, mark: string, to: number, last: Run | undefined): string {
  if (mark === drawnMarks.unknownPhase) return phase ?? 'unheard_of';
  if (mark === drawnMarks.missed) {
    if (to === marks.length && phase !== null && isGate(phase)) return phase;
    const next = phaseOfMark.get(marks.charAt(to)) ?? '';
    return last !== undefined && isGate(last.phase) ? last.phase : isGate(next) ? next : 'decode_barrier';
  }
  const found = phaseOfMark.get(mark);
  if (found === undefined && !notPhases.has(mark)) throw new Error(`rank ${rank}: no phase is drawn as ${mark}`);
  return found ?? '';
}

const notPhases: ReadonlySet<string> = new Set([drawnMarks.nothingKnown, drawnMarks.gap, drawnMarks.dead]);

function runnerOf(
  row: TextRow,
  worldSize: number,
  stepUs: number,
  columns: number,
): ClusterTimeline['runners'][number] {
  const last = row.marks.at(-1) ?? drawnMarks.nothingKnown;
  const alive = last !== drawnMarks.dead;
  const run = runsOf(row).at(-1);
  const length = run === undefined ? 0 : run.to - run.from;
  const phase = (alive ? row.phase : null) ?? (run?.phase || 'created');
  return {
    nodeId: `node-${row.rank}`,
    runnerId: `run-${row.rank}`,
    instanceId: 'drawn',
    modelId: 'drawn',
    deviceRank: row.rank,
    worldSize,
    pid: null,
    processAlive: alive,
    statusKind: alive ? 'RunnerRunning' : 'RunnerFailed',
    phase,
    phaseDetail: null,
    secondsInPhase: row.seconds ?? (length * stepUs) / 1e6,
    lastProgressAt: formatUs(drawnStartUs + columns * stepUs),
    activeTaskId: null,
    activeCommandId: null,
    lastMlxMemory: null,
  };
}
