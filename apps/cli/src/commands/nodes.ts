import { setTimeout as pause } from 'node:timers/promises';
import type { ClusterAnalysis } from '@rankscope/schema';
import { command } from '../command.ts';
import { formatTable } from '../format-table.ts';
import { interruptible } from '../interruptible.ts';
import { answerOf, explain } from '../plane-answer.ts';
import { createScreen } from '../screen.ts';
import { nameRanks } from '../show-positions.ts';
import type { Terminal } from '../terminal.ts';
import { exitCodes } from '../usage-error.ts';

const watchEveryMs = 1000;

export const nodes = command({
  name: 'nodes',
  usage: '[--watch] [--json]',
  summary: 'every expected node: whether it answers, how fast, and which ranks it runs',
  details: ['--watch  live, until Ctrl-C', '--json   the cluster’s analysis as the plane answered it'],
  flags: { watch: 'boolean', json: 'boolean' },
  async run({ plane, terminal, flags }) {
    const first = answerOf(plane.baseUrl, await plane.analysis());
    const show = (analysis: ClusterAnalysis) =>
      flags.json ? JSON.stringify(analysis, null, terminal.isTty ? 2 : 0) : showNodes(analysis, terminal);
    if (!flags.watch) {
      terminal.print(show(first));
      return exitCodes.fine;
    }
    const screen = createScreen(terminal);
    screen.show(show(first));
    return interruptible(async (signal) => {
      while (!signal.aborted) {
        await pause(watchEveryMs, undefined, { signal }).catch(() => undefined);
        const next = await plane.analysis();
        if (next.kind === 'ok') screen.show(show(next.value));
        else screen.note(explain(plane.baseUrl, next.error, next.status, next.problem?.detail ?? null));
      }
    }).finally(() => screen.close());
  },
});

export function showNodes(analysis: ClusterAnalysis, terminal: Terminal): string {
  const { nodes: rows, runners, localNodeId, masterNodeId } = analysis;
  const models = new Map(analysis.instances.map(({ instanceId, modelId }) => [instanceId, modelId]));
  const table = rows.map(({ nodeId, url, reachable, error, roundTripMs, friendlyName, version }) => {
    const own = Map.groupBy(
      runners.filter((runner) => runner.nodeId === nodeId),
      ({ instanceId }) => models.get(instanceId) ?? instanceId,
    );
    const ranks = [...own]
      .map(([model, members]) => `${nameRanks(members.map(({ deviceRank }) => deviceRank))} of ${model}`)
      .join('; ');
    const role = [nodeId === localNodeId && 'asked', nodeId === masterNodeId && 'leader'].filter(Boolean).join(', ');
    const state = reachable ? (roundTripMs === null ? 'here' : `${roundTripMs.toFixed(0)} ms`) : 'unreachable';
    return [friendlyName ?? '', nodeId, state, reachable ? ranks : (error ?? ''), version ?? '', url ?? '', role];
  });
  const drawn = formatTable(['name', 'node', 'answers', 'ranks', 'version', 'address', ''], table, terminal);
  const silent = rows.filter(({ reachable }) => !reachable).length;
  const sum = `${rows.length - silent} of ${rows.length} nodes answer`;
  return `${drawn}\n${silent > 0 ? terminal.style('bold', sum) : sum}`;
}
