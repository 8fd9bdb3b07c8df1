import type { ClusterAnalysis } from '@rankscope/schema';
import { applyChange, type LiveTimeline } from '@rankscope/timeline';
import { command } from '../command.ts';
import { interruptible } from '../interruptible.ts';
import { answerOf } from '../plane-answer.ts';
import { createScreen } from '../screen.ts';
import { showTimeline } from '../show-timeline.ts';
import { CommandError, exitCodes, UsageError } from '../usage-error.ts';

const defaultSeconds = 30;
/** Enough for a minute of decoding; a drawing needs no more. */
const liveEntriesPerRunner = 8192;

export const timeline = command({
  name: 'timeline',
  usage: '[--watch] [--json] [--seconds 30] [--limit N] [--instance ID]',
  summary: 'where every rank is, drawn; who stands inside which collective, and who has not come',
  details: [
    'One line a rank, one mark a step of time; capitals wait for peers.',
    '--watch        live, until Ctrl-C; with --json one change a line',
    '--json         the ClusterTimeline as the plane answered it',
    '--seconds N    how far back to draw (30)',
    '--limit N      newest entries per rank (1024)',
    '--instance ID  this instance only',
  ],
  flags: { watch: 'boolean', json: 'boolean', seconds: 'number', limit: 'number', instance: 'text' },
  async run({ plane, terminal, flags }) {
    const seconds = flags.seconds ?? defaultSeconds;
    if (seconds === 0) throw new UsageError('--seconds needs at least 1');
    if (flags.watch) return watch();

    const query = {
      ...(flags.limit !== undefined && { limit: flags.limit }),
      ...(flags.instance !== undefined && { instanceId: flags.instance }),
    };
    const [asked, analysed] = await Promise.all([plane.timeline(query), flags.json ? null : plane.analysis()]);
    const answer = answerOf(plane.baseUrl, asked);
    if (flags.instance !== undefined && answer.runners.length === 0) {
      const known = answerOf(plane.baseUrl, analysed ?? (await plane.analysis()));
      throw new CommandError(noInstance(flags.instance, known));
    }
    if (flags.json) terminal.print(JSON.stringify(answer, null, terminal.isTty ? 2 : 0));
    else
      terminal.print(
        showTimeline({
          timeline: answer,
          analysis: analysed?.kind === 'ok' ? analysed.value : null,
          seconds,
          terminal,
        }),
      );
    return exitCodes.fine;

    async function watch(): Promise<number> {
      const { instance } = flags;
      // A plane that is not there is said at once; one that goes away later is waited for.
      answerOf(plane.baseUrl, await plane.nodeId());
      const screen = createScreen(terminal);
      let live: LiveTimeline | null = null;
      return interruptible(async (signal) => {
        for await (const change of plane.watchTimeline(signal, (reason) =>
          screen.note(`waiting for ${plane.baseUrl}: ${reason}`),
        )) {
          if (flags.json) terminal.print(JSON.stringify(change));
          live = applyChange(live, change, { maxEntriesPerRunner: liveEntriesPerRunner });
          if (flags.json || live === null) continue;
          const shown = instance === undefined ? live.timeline : onlyInstance(live.timeline, instance);
          const { analysis } = live;
          if (instance !== undefined && shown.runners.length === 0) screen.show(noInstance(instance, analysis));
          else screen.show(showTimeline({ timeline: shown, analysis, seconds, terminal }));
        }
      }).finally(() => screen.close());
    }
  },
});

function onlyInstance(whole: LiveTimeline['timeline'], instanceId: string): LiveTimeline['timeline'] {
  return { ...whole, runners: whole.runners.filter((runner) => runner.instanceId === instanceId) };
}

function noInstance(id: string, { instances, nodes }: ClusterAnalysis): string {
  const known = instances.map(({ instanceId, modelId, worldSize }) => {
    const ranks = worldSize === 1 ? '1 rank' : `${worldSize} ranks`;
    return `${instanceId} (${modelId}, ${ranks})`;
  });
  const silent = nodes.filter(({ reachable }) => !reachable).length;
  const heard = silent === 0 ? '' : `; ${silent} of ${nodes.length} nodes did not answer`;
  return `no instance has the id ${id}; ${known.length === 0 ? 'there is none' : `there is ${known.join(', ')}`}${heard}`;
}
