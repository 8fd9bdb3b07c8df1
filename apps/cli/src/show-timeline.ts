import type { ClusterAnalysis, ClusterTimeline } from '@rankscope/schema';
import {
  createInstantReader,
  drawLanes,
  formatDrawing,
  type Lane,
  lanes as lanesOf,
  type RankPosition,
  rankPositions,
} from '@rankscope/timeline';
import { phaseInk } from './phase-ink.ts';
import { showPositions } from './show-positions.ts';
import type { Terminal } from './terminal.ts';

export interface ShowTimelineOptions {
  readonly timeline: ClusterTimeline;
  readonly analysis: ClusterAnalysis | null;
  readonly seconds: number;
  readonly terminal: Terminal;
}

/** What one look at the cluster tells: a drawing an instance, who waits where and who is not there, who is silent. */
export function showTimeline({ timeline, analysis, seconds, terminal }: ShowTimelineOptions): string {
  const nowUs = createInstantReader()(timeline.generatedAt);
  const lanes = lanesOf(timeline);
  const positions = rankPositions(lanes, nowUs, analysis);
  const instances = [...Map.groupBy(lanes, ({ runner }) => runner.instanceId).values()];
  const blocks = instances.map((members) => {
    const own = positions.filter(({ instanceId }) => instanceId === members[0]?.runner.instanceId);
    return [showInstance(members, own, { nowUs, seconds, terminal }), ...showTroubles(own, analysis)].join('\n');
  });
  if (blocks.length === 0) blocks.push('No rank runs on any node that answered.');
  return [...blocks, ...showUnreachable(timeline, terminal)].join('\n\n');
}

/** What a node says is wrong with a rank that lives; of one that has ended its end tells it. */
function showTroubles(positions: readonly RankPosition[], analysis: ClusterAnalysis | null): string[] {
  const told = new Map(analysis?.runners.map(({ runnerId, errorMessage }) => [runnerId, errorMessage]));
  return positions.flatMap(({ runnerId, deviceRank, alive }) => {
    const message = told.get(runnerId) ?? null;
    return alive && message !== null ? [`  rank ${deviceRank}  ${message}`] : [];
  });
}

interface View {
  readonly nowUs: number;
  readonly seconds: number;
  readonly terminal: Terminal;
}

function showInstance(
  lanes: readonly Lane[],
  positions: readonly RankPosition[],
  { nowUs, seconds, terminal }: View,
): string {
  const [first] = lanes;
  if (first === undefined) return '';
  const { modelId, instanceId, worldSize } = first.runner;
  const head = `${terminal.style('bold', modelId)}  ${worldSize} ${worldSize === 1 ? 'rank' : 'ranks'} · instance ${instanceId}`;
  const options = { nowUs, positions };
  const narrow = formatDrawing(drawLanes(lanes, { ...options, stepUs: 1e6, columns: 1 }))
    .split('\n')
    .slice(1, lanes.length + 1);
  const room = terminal.columns - Math.max(...narrow.map((line) => line.length)) + 1;
  const drawing = drawLanes(lanes, {
    ...options,
    ...scaleOf(seconds, Math.max(minColumns, Math.min(room, maxColumns))),
  });
  const standing = showPositions(positions, terminal);
  return [head, formatDrawing(drawing, phaseInk(terminal)), ...(standing.length > 0 ? ['', ...standing] : [])].join(
    '\n',
  );
}

/** Fewer say nothing; more than an eye takes in at once are drawn for nobody. */
const minColumns = 10;
const maxColumns = 120;
const stepsMs = [
  10, 20, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 300_000, 600_000, 3_600_000,
];

/** The finest step that shows so many seconds; what room is left shows more of them. */
function scaleOf(seconds: number, room: number): { stepUs: number; columns: number } {
  const stepMs = stepsMs.find((ms) => (seconds * 1000) / ms <= room) ?? Math.ceil((seconds * 1000) / room);
  return { stepUs: stepMs * 1000, columns: room };
}

function showUnreachable({ unreachableNodes }: ClusterTimeline, terminal: Terminal): string[] {
  if (unreachableNodes.length === 0) return [];
  const one = unreachableNodes.length === 1;
  const head = one
    ? '1 node is unreachable; its ranks are not in this picture'
    : `${unreachableNodes.length} nodes are unreachable; their ranks are not in this picture`;
  const rows = unreachableNodes.map(({ nodeId, url, error }) => {
    const where = url === null || url.startsWith(nodeId) ? '' : `  ${url}`;
    return `  ${nodeId}${where}  ${error}`;
  });
  return [[terminal.style('bold', head), ...rows].join('\n')];
}
