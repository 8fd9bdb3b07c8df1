import { type ClusterTimeline, type ClusterTimelineEntry, phaseFacts, runnerPhases } from '@rankscope/schema';
import { drawnMarks } from './draw-lanes.ts';
import { compareTimed, timed } from './entry-order.ts';
import { formatUs } from './instant.ts';

/** When drawings without a date take place. */
const drawnStartUs = Date.UTC(2026, 0, 1) * 1000;

/**
 * The inverse of {@link formatDrawing}: a deadlock can be pasted from a terminal into an issue, and from there into a
 * test. Rows are `rank 0  llGGdD`; one mark is a second unless the text says `one mark = 250 ms`. After the marks may
 * follow `phase  seconds  in all_sum 413` or `… left 412`.
 */
export function drawnLanes(text: string): ClusterTimeline {
  const step = /one mark = ([\d.]+) (ms|s)/.exec(text);
  const stepUs = step === null ? 1e6 : Number(step[1]) * (step[2] === 'ms' ? 1000 : 1e6);
  const found = [...text.matchAll(rowPattern)].map(({ groups }) => groups ?? {});
  const rows = found.map(({ rank, marks = '', phase, h, min, s, site }): Row => {
    const seconds = phase === undefined ? null : Number(h ?? 0) * 3600 + Number(min ?? 0) * 60 + Number(s ?? 0);
    return { rank: Number(rank), marks, phase: phase ?? null, seconds, site: site ?? '' };
  });
  const worldSize = Math.max(0, ...[...text.matchAll(/^ *rank (\d+) /gm)].map(([, rank]) => Number(rank) + 1));
  const columns = Math.max(0, ...rows.map(({ marks }) => marks.length));
  const nowUs = drawnStartUs + columns * stepUs;
  const entries = rows.flatMap((row) => entriesOf(row, worldSize, stepUs, nowUs));
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
  /^ *rank (?<rank>\d+) {2,}(?<marks>\S+)(?: {2,}(?<phase>\S+) +(?:(?<h>\d+) h ?)?(?:(?<min>\d+) min ?)?(?:(?<s>[\d.]+) s)?(?: {2,}(?<site>.*))?)?$/gm;

interface Row {
  readonly rank: number;
  readonly marks: string;
  readonly phase: string | null;
  readonly seconds: number | null;
  readonly site: string;
}

const phaseOfMark = new Map<string, string>(runnerPhases.map((phase) => [phaseFacts[phase].mark, phase]));

function entriesOf(row: Row, worldSize: number, stepUs: number, nowUs: number): ClusterTimelineEntry[] {
  let seq = 0;
  const entry = (
    us: number,
    phase: string,
    event: string,
    attrs: ClusterTimelineEntry['attrs'] = {},
  ): ClusterTimelineEntry => ({
    at: formatUs(us),
    nodeId: `node-${row.rank}`,
    runnerId: `run-${row.rank}`,
    deviceRank: row.rank,
    worldSize,
    phase,
    event,
    detail: null,
    attrs: { seq: attrs.seq ?? seq++, ...attrs },
    taskId: null,
    commandId: null,
    mlxMemory: null,
  });
  const entries: ClusterTimelineEntry[] = [];
  let dropped = false;
  let lastUs = drawnStartUs;
  for (const { 0: run, index } of row.marks.matchAll(/(.)\1*/g)) {
    const mark = run.charAt(0);
    const startUs = drawnStartUs + index * stepUs;
    const endUs = startUs + run.length * stepUs;
    const last = index + run.length === row.marks.length;
    if (mark === drawnMarks.nothingKnown) continue;
    if (mark === drawnMarks.dead)
      entries.push(entry(startUs, 'shutdown_cleanup', 'process_died', { source: 'supervisor', seq: 0 }));
    else if (mark === drawnMarks.gap) dropped = true;
    else {
      const phase = mark === drawnMarks.unknownPhase ? (row.phase ?? 'unheard_of') : phaseOfMark.get(mark);
      if (phase === undefined) throw new Error(`rank ${row.rank}: no phase is drawn as ${mark}`);
      entries.push(entry(startUs, phase, 'enter', dropped ? { dropped: 1 } : {}));
      dropped = false;
      lastUs = startUs;
      if (!last && row.marks[index + run.length] !== drawnMarks.dead) entries.push(entry(endUs, phase, 'exit'));
    }
  }
  if (dropped) throw new Error(`rank ${row.rank}: a gap has no end until something is drawn after it`);
  return [...entries, ...siteEntries(row, entry, nowUs, lastUs)];
}

type MakeEntry = (
  us: number,
  phase: string,
  event: string,
  attrs: ClusterTimelineEntry['attrs'],
) => ClusterTimelineEntry;

function siteEntries(row: Row, entry: MakeEntry, nowUs: number, lastUs: number): ClusterTimelineEntry[] {
  const phase = row.phase ?? phaseOfMark.get(row.marks.at(-1) ?? '') ?? 'idle';
  const { op, n, peer } = /^in (?<op>\w+)(?: (?<n>\d+))?(?: \w+ rank (?<peer>\d+))?/.exec(row.site)?.groups ?? {};
  const place = {
    group: 0,
    ...(n !== undefined && { barrierSeq: Number(n) }),
    ...(peer !== undefined && { waitingOn: Number(peer) }),
  };
  if (op !== undefined) return [entry(nowUs, phase, 'collective_enter', { op, ...place })];
  const left = /^left (\d+)/.exec(row.site)?.[1];
  if (left === undefined) return [];
  // Inside what was drawn last, so that it moves nothing.
  return [entry(lastUs, phase, 'collective_exit', { op: 'all_sum', group: 0, barrierSeq: Number(left) })];
}

function runnerOf(row: Row, worldSize: number, stepUs: number, columns: number): ClusterTimeline['runners'][number] {
  const last = row.marks.at(-1) ?? drawnMarks.nothingKnown;
  const alive = last !== drawnMarks.dead;
  const run = /(.)\1*$/.exec(row.marks)?.[0].length ?? 0;
  const phase = (alive ? row.phase : null) ?? phaseOfMark.get(last) ?? 'created';
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
    secondsInPhase: row.seconds ?? (run * stepUs) / 1e6,
    lastProgressAt: formatUs(drawnStartUs + columns * stepUs),
    activeTaskId: null,
    activeCommandId: null,
    lastMlxMemory: null,
  };
}
