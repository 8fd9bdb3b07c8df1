import { setTimeout as pause } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import type { ClusterAnalysis, ClusterDiagnostics, ClusterNodes } from '@rankscope/schema';
import { command } from '../command.ts';
import { formatTable } from '../format-table.ts';
import { interruptible } from '../interruptible.ts';
import { answerOf, explain } from '../plane-answer.ts';
import { createScreen } from '../screen.ts';
import { reportAges, showLeader } from '../show-membership.ts';
import { nameRanks } from '../show-positions.ts';
import type { Terminal } from '../terminal.ts';
import { exitCodes } from '../usage-error.ts';

const shortIdLength = 8;
const watchEveryMs = 1000;
/** Warnings come with all that a node knows, which is much; they change seldom. */
const warningsEveryTurns = 10;

export const nodes = command({
  name: 'nodes',
  usage: '[--watch] [--json]',
  summary: 'every expected node: who leads, whether it answers, how fast, and which ranks it runs',
  details: [
    'A node that says goodbye is no longer expected; one that merely falls silent is shown for a day.',
    '--watch  live, until Ctrl-C',
    '--json   the cluster’s analysis as the plane answered it',
  ],
  flags: { watch: 'boolean', json: 'boolean' },
  async run({ plane, terminal, flags }) {
    const [analysed, diagnosed, listed] = await Promise.all([
      plane.analysis(),
      flags.json ? null : plane.clusterDiagnostics(),
      flags.json ? null : plane.nodes(),
    ]);
    const first = answerOf(plane.baseUrl, analysed);
    let warnings = diagnosed?.kind === 'ok' ? warningsOf(diagnosed.value) : [];
    // Of an older plane there is none.
    let members = listed?.kind === 'ok' ? listed.value : null;
    const show = (analysis: ClusterAnalysis) =>
      flags.json
        ? JSON.stringify(analysis, null, terminal.isTty ? 2 : 0)
        : [showNodes(analysis, members, terminal), ...showWarnings(warnings, analysis, terminal)].join('\n');
    if (!flags.watch) {
      terminal.print(show(first));
      return exitCodes.fine;
    }
    const screen = createScreen(terminal);
    screen.show(show(first));
    return interruptible(async (signal) => {
      for (let turn = 1; !signal.aborted; turn += 1) {
        await pause(watchEveryMs, undefined, { signal }).catch(() => undefined);
        if (turn % warningsEveryTurns === 0 && !flags.json) {
          const again = await plane.clusterDiagnostics();
          if (again.kind === 'ok') warnings = warningsOf(again.value);
        }
        const [next, again] = await Promise.all([plane.analysis(), flags.json ? null : plane.nodes()]);
        if (again?.kind === 'ok') members = again.value;
        if (next.kind === 'ok') screen.show(show(next.value));
        else screen.note(explain(plane.baseUrl, next.error, next.status, next.problem?.detail ?? null));
      }
    }).finally(() => screen.close());
  },
});

interface Warning {
  readonly nodeId: string;
  readonly text: string;
}

function warningsOf({ nodes: rows }: ClusterDiagnostics): Warning[] {
  return rows.flatMap(({ nodeId, diagnostics }) => {
    const id = diagnostics?.runtime.nodeId ?? nodeId;
    return [...new Set(diagnostics?.warnings)].map((text) => ({ nodeId: id, text }));
  });
}

function showWarnings(warnings: readonly Warning[], { nodes: rows }: ClusterAnalysis, terminal: Terminal): string[] {
  const names = new Map(rows.map(({ nodeId, friendlyName }) => [nodeId, friendlyName ?? nodeId]));
  return warnings.map(({ nodeId, text }) =>
    terminal.style('yellow', `warning: ${names.get(nodeId) ?? nodeId}: ${text}`),
  );
}

function showNodes(analysis: ClusterAnalysis, members: ClusterNodes | null, terminal: Terminal): string {
  const { nodes: rows, runners, localNodeId, masterNodeId } = analysis;
  const ages = members === null ? new Map<string, string>() : reportAges(members, analysis.generatedAt);
  const models = new Map(analysis.instances.map(({ instanceId, modelId }) => [instanceId, modelId]));
  const ids = shortIds(rows.map(({ nodeId }) => nodeId));
  const cells = rows.map(({ nodeId, url, reachable, error, roundTripMs, friendlyName, version }, at) => {
    const own = runners.filter((runner) => runner.nodeId === nodeId);
    const role = [nodeId === localNodeId && 'asked', nodeId === masterNodeId && 'leader'].filter(Boolean).join(', ');
    const state = reachable ? (roundTripMs === null ? 'here' : `${roundTripMs.toFixed(0)} ms`) : 'unreachable';
    const ranks = reachable ? nameOwnRanks(own, models) : (error ?? '');
    const name = [friendlyName ?? '', ids[at] ?? '', state, ages.get(nodeId) ?? ''];
    return { name, ranks, version: version ?? '', url: url ?? '', role };
  });
  const wide = formatTable(
    ['name', 'node', 'answers', 'reports for', 'ranks', 'version', 'address', ''],
    cells.map(({ name, ranks, version, url, role }) => [...name, ranks, version, url, role]),
    terminal,
  );
  const fits = wide.split('\n').every((line) => stripVTControlCharacters(line).length <= terminal.columns);
  const silent = rows.filter(({ reachable }) => !reachable).length;
  const sum = `${rows.length - silent} of ${rows.length} nodes answer`;
  const head = [fits ? wide : showBelow(cells, terminal), silent > 0 ? terminal.style('bold', sum) : sum];
  if (members === null) return head.join('\n');
  const leader = wrap(showLeader(members, analysis.generatedAt), terminal.columns - 2);
  return [...head, leader.join('\n').trimStart()].join('\n');
}

interface NodeCells {
  readonly name: readonly string[];
  readonly ranks: string;
  readonly version: string;
  readonly url: string;
  readonly role: string;
}

/** Where a line has no room for it, what runs on a node, and where, stands under the node. */
function showBelow(cells: readonly NodeCells[], terminal: Terminal): string {
  const table = formatTable(
    ['name', 'node', 'answers', 'reports for', 'version', ''],
    cells.map(({ name, version, role }) => [...name, version, role]),
    terminal,
  );
  const [head = '', ...lines] = table.split('\n');
  const below = cells.map(({ ranks, url }) => [ranks, url].flatMap((text) => wrap(text, terminal.columns - 2)));
  return [head, ...lines.flatMap((line, at) => [line, ...(below[at] ?? [])])].join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `  ${line}`);
}

/** Eight characters; an address stays whole. Ids that begin with a time are alike at first: then the last eight, and all of them at the worst. */
function shortIds(ids: readonly string[]): string[] {
  const isAddress = (id: string) => id.includes(':');
  const shortenings = [
    (id: string) => (isAddress(id) ? id : id.slice(0, shortIdLength)),
    (id: string) => (isAddress(id) || id.length <= shortIdLength + 1 ? id : `…${id.slice(-shortIdLength)}`),
  ];
  const apart = shortenings.find((shorten) => new Set(ids.map(shorten)).size === new Set(ids).size);
  return apart === undefined ? [...ids] : ids.map(apart);
}

/** `ranks 0, 1 of tiny; rank 2 of tiny, ended`. */
function nameOwnRanks(own: ClusterAnalysis['runners'], models: ReadonlyMap<string, string>): string {
  const groups = Map.groupBy(own, ({ instanceId, exitCode, exitSignal }) => {
    const ended = exitCode !== null || exitSignal !== null ? ', ended' : '';
    return `${models.get(instanceId) ?? instanceId}${ended}`;
  });
  return [...groups]
    .map(([model, members]) => `${nameRanks(members.map(({ deviceRank }) => deviceRank))} of ${model}`)
    .join('; ');
}
