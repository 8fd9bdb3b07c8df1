import type { ClusterAnalysis, UnreachableNode } from '@rankscope/schema';
import { type Lane, lanes, nameSite, type RankPosition, rankPositions } from '@rankscope/timeline';
import type { Received } from '../live/feed.ts';
import { createMemoryKeeper, type MemorySample } from '../memory/samples.ts';
import { absentTexts, insideTexts } from '../ranks/standing-texts.ts';
import { findStandoffs, type Standoff } from '../ranks/standoff.ts';
import type { LaneState, Row, Standing } from './row.ts';

/** Everything the page shows of one report, derived once for canvas, table and sentence. */
export interface Board {
  readonly instances: readonly { readonly instanceId: string; readonly modelId: string; readonly worldSize: number }[];
  readonly rows: readonly Row[];
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly positions: ReadonlyMap<string, RankPosition>;
  readonly standoffs: readonly Standoff[];
  readonly unreachable: readonly UnreachableNode[];
  readonly analysis: ClusterAnalysis;
  readonly generatedAtMs: number;
  readonly nodeNames: ReadonlyMap<string, string>;
  readonly memory: ReadonlyMap<string, readonly MemorySample[]>;
}

interface Remembered {
  readonly lane: Lane;
  readonly lastSeenMs: number;
}

/** Remembers the lanes of a node that can no longer be reached, so that they do not vanish at the worst moment. */
export function createBoardMaker(): (received: Received) => Board {
  const remembered = new Map<string, Remembered>();
  const keepMemory = createMemoryKeeper();
  return ({ timeline, analysis }) => {
    const nowMs = Date.parse(timeline.generatedAt);
    const current = lanes(timeline);
    const positions = rankPositions(current, nowMs * 1000, analysis);
    for (const lane of current) remembered.set(lane.runner.runnerId, { lane, lastSeenMs: nowMs });
    const standoffs = findStandoffs(positions, analysis.instances);
    const nodeNames = new Map(
      analysis.nodes.map(({ nodeId, friendlyName }) => [nodeId, friendlyName ?? nodeId.slice(0, 12)]),
    );
    const byRunner = new Map(positions.map((position) => [position.runnerId, position]));
    const told = new Map(analysis.runners.map((runner) => [runner.runnerId, runner]));
    const rows = current.map((lane): Row => {
      const { runnerId } = lane.runner;
      const node = analysis.nodes.find(({ nodeId }) => nodeId === lane.runner.nodeId);
      const state: LaneState =
        node?.reachable === false
          ? {
              kind: 'unreachable',
              sinceMs: lane.lastEntryUs === null ? null : lane.lastEntryUs / 1000,
              error: node.error ?? 'no answer',
            }
          : lane.endedUs === null
            ? { kind: 'reporting' }
            : { kind: 'ended', atMs: lane.endedUs / 1000, reason: endOf(told.get(runnerId)) };
      return rowOf(lane, nodeNames, state, standingOf(byRunner.get(runnerId), lane, standoffs, nowMs));
    });
    const silent = timeline.unreachableNodes.flatMap((node): Row[] => {
      const lost = [...remembered.values()].filter(
        ({ lane }) => lane.runner.nodeId === node.nodeId && !byRunner.has(lane.runner.runnerId),
      );
      return lost.map(({ lane, lastSeenMs }) =>
        rowOf(lane, nodeNames, { kind: 'unreachable', sinceMs: lastSeenMs, error: node.error }, { kind: 'none' }),
      );
    });
    const lost = new Set(silent.map(({ instanceId, rank }) => `${instanceId}/${rank}`));
    const missing = analysis.instances.flatMap(({ instanceId, missingRanks }) =>
      missingRanks
        .filter((rank) => !lost.has(`${instanceId}/${rank}`))
        .map((rank) => missingRow(instanceId, rank, standoffs)),
    );
    return {
      instances: analysis.instances,
      rows: [...rows, ...silent, ...missing].sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0)),
      lanes: new Map([...remembered].map(([runnerId, { lane }]) => [runnerId, lane])),
      positions: byRunner,
      standoffs,
      unreachable: timeline.unreachableNodes,
      analysis,
      generatedAtMs: nowMs,
      nodeNames,
      memory: keepMemory(timeline),
    };
  };
}

/** The rows of one instance, those nobody can go on without on top, then the nodes that cannot be reached. */
export function rowsOfInstance(board: Board, instanceId: string | null): Row[] {
  const mine = board.rows.filter((row) => row.instanceId === instanceId);
  const shown = new Set(mine.filter(({ state }) => state.kind === 'unreachable').map(({ nodeName }) => nodeName));
  const nodes = board.unreachable
    .filter(({ nodeId }) => !shown.has(board.nodeNames.get(nodeId) ?? nodeId))
    .filter(
      ({ nodeId }) =>
        !board.rows.some(
          (row) => row.state.kind === 'unreachable' && row.nodeName === (board.nodeNames.get(nodeId) ?? nodeId),
        ),
    )
    .map(({ nodeId, error }) => unreachableRow(board.nodeNames.get(nodeId) ?? nodeId, error));
  const absent = mine.filter(({ standing }) => standing.kind === 'absent');
  return [...absent, ...mine.filter(({ standing }) => standing.kind !== 'absent'), ...nodes];
}

function rowOf(lane: Lane, nodeNames: ReadonlyMap<string, string>, state: LaneState, standing: Standing): Row {
  const { runner, slices, sites, gaps } = lane;
  const ms = (us: number | null) => (us === null ? null : us / 1000);
  return {
    key: runner.runnerId,
    runnerId: runner.runnerId,
    instanceId: runner.instanceId,
    rank: runner.deviceRank,
    nodeName: nodeNames.get(runner.nodeId) ?? runner.nodeId.slice(0, 12),
    phase: runner.phase,
    state,
    standing,
    spans: slices.map(({ phase, startUs, endUs }) => ({ phase, startMs: startUs / 1000, endMs: ms(endUs) })),
    sites: sites.map((site) => ({ label: nameSite(site), startMs: site.startUs / 1000, endMs: ms(site.endUs) })),
    gaps: gaps.map(({ startUs, endUs }) => ({ startMs: startUs / 1000, endMs: endUs / 1000 })),
  };
}

function standingOf(
  position: RankPosition | undefined,
  lane: Lane,
  standoffs: readonly Standoff[],
  nowMs: number,
): Standing {
  if (position === undefined) return { kind: 'none' };
  const { inside, deviceRank, instanceId } = position;
  const standoff = standoffs.find((each) => each.instanceId === instanceId);
  if (standoff?.absent.some(({ rank }) => rank === deviceRank))
    return {
      kind: 'absent',
      texts: absentTexts(position),
      sinceMs: lane.lastEntryUs === null ? null : lane.lastEntryUs / 1000,
    };
  if (inside === null || inside.seconds < 1) return { kind: 'none' };
  return { kind: 'inside', texts: insideTexts(inside), sinceMs: nowMs - inside.seconds * 1000 };
}

const bare = { runnerId: null, phase: null, spans: [], sites: [], gaps: [] } as const;

function missingRow(instanceId: string, rank: number, standoffs: readonly Standoff[]): Row {
  const absent = standoffs.some((each) => each.instanceId === instanceId);
  const standing: Standing = absent
    ? { kind: 'absent', texts: [`not there: rank ${rank} never reported`, 'never reported'], sinceMs: null }
    : { kind: 'none' };
  return {
    ...bare,
    key: `${instanceId}/${rank}`,
    instanceId,
    rank,
    nodeName: '',
    state: { kind: 'never_reported' },
    standing,
  };
}

function unreachableRow(nodeName: string, error: string): Row {
  return {
    ...bare,
    key: `node/${nodeName}`,
    instanceId: null,
    rank: null,
    nodeName,
    state: { kind: 'unreachable', sinceMs: null, error },
    standing: { kind: 'none' },
  };
}

/** How a process ended, as far as anyone knows: `ended: SIGKILL`, `ended: exit 13, peer lost`. */
function endOf(told: ClusterAnalysis['runners'][number] | undefined): string {
  const how = told?.exitSignal ?? (told?.exitCode == null ? null : `exit ${told.exitCode}`);
  // That it was killed by the signal is what the signal says already.
  const why = told?.exitSignal == null ? told?.errorMessage : null;
  return ['ended', [how, why].filter(Boolean).join(', ')].filter(Boolean).join(': ');
}
