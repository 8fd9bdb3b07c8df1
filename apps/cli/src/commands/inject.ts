import { didYouMean } from '@rankscope/daemon';
import {
  type ClusterTimelineRunner,
  faultKinds,
  type InjectRequest,
  isRunnerPhase,
  runnerPhases,
} from '@rankscope/schema';
import { command } from '../command.ts';
import { answerOf } from '../plane-answer.ts';
import { CommandError, exitCodes, UsageError } from '../usage-error.ts';

/** Every plan has these two barriers, one a token and one a chunk; the streams hold collectives in some plans only. */
const shortPhases: Readonly<Record<string, string>> = { decode: 'decode_barrier', prefill: 'prefill_barrier' };

type Kind = InjectRequest['kind'];

export const inject = command({
  name: 'inject',
  usage: 'KIND --rank R [--at PHASE] [--after N] [--ms N] [--instance ID]',
  summary: 'provoke a fault in a real rank, to see what is seen',
  details: [
    'KIND is one of',
    '  hang      the rank stops before its next collective and does not come back',
    '  delay     it is late before every collective, by --ms (300)',
    '  error     it fails before its next collective',
    '  kill      its process gets SIGKILL',
    '  stop      its process gets SIGSTOP; `continue` lets it go on',
    '  release   ends a hang or a delay',
    '--at PHASE   only in this phase; `decode` is decode_barrier, `prefill` is prefill_barrier',
    '--after N    let so many collectives pass first',
    '--instance   where several instances have a rank of this number',
  ],
  flags: { rank: 'number', at: 'text', after: 'number', ms: 'number', instance: 'text' },
  async run({ plane, terminal, flags, words }) {
    const kind = parseKind(words);
    const { rank, at, after, ms, instance } = flags;
    if (rank === undefined) throw new UsageError('which rank? inject needs --rank R');
    const phase = at === undefined ? null : parsePhase(at);
    const { runners, localNodeId } = answerOf(plane.baseUrl, await plane.timeline({ limit: 1 }));
    const target = pickRunner(runners, rank, instance);
    const answer = answerOf(
      plane.baseUrl,
      await plane.inject(target.nodeId === localNodeId ? null : target.nodeId, {
        ...{ kind, rank, at: phase, instanceId: target.instanceId },
        ...(after !== undefined && { after }),
        ...(ms !== undefined && { delayMs: ms }),
      }),
    );
    terminal.print(answer.message);
    for (const line of whatNext(kind, target)) terminal.print(terminal.style('gray', line));
    return exitCodes.fine;
  },
});

function parseKind(words: readonly string[]): Kind {
  const [word, ...more] = words;
  if (word === undefined) throw new UsageError(`what fault? one of ${faultKinds.join(', ')}`);
  if (more.length > 0) throw new UsageError(`one fault at a time: ${JSON.stringify(more[0])} is not expected`);
  const kind = faultKinds.find((known) => known === word);
  if (kind === undefined)
    throw new UsageError(`${word} is no fault${didYouMean(word, faultKinds)} (${faultKinds.join(', ')})`);
  return kind;
}

export function parsePhase(text: string): InjectRequest['at'] {
  const phase = shortPhases[text] ?? text;
  if (isRunnerPhase(phase)) return phase;
  throw new UsageError(
    `--at ${text}: no such phase${didYouMean(text, [...Object.keys(shortPhases), ...runnerPhases])}`,
  );
}

/** The living rank that is meant. What cannot be decided is asked back, never guessed: a fault hits real work. */
export function pickRunner(
  runners: readonly ClusterTimelineRunner[],
  rank: number,
  instanceId: string | undefined,
): ClusterTimelineRunner {
  const wanted = runners.filter((runner) => instanceId === undefined || runner.instanceId === instanceId);
  const named = wanted.filter(({ deviceRank }) => deviceRank === rank);
  const living = named.filter(({ processAlive }) => processAlive);
  const [target, other] = living;
  const where = instanceId === undefined ? '' : ` of instance ${instanceId}`;
  if (target === undefined) {
    if (named.length > 0) throw new CommandError(`rank ${rank}${where} has ended`);
    const known = [...new Set(wanted.map(({ deviceRank }) => deviceRank))].sort((a, b) => a - b);
    throw new CommandError(
      `there is no rank ${rank}${where}; ${known.length === 0 ? 'no rank runs' : `there are ${known.join(', ')}`}`,
    );
  }
  if (other === undefined) return target;
  const instances = living.map((runner) => `${runner.instanceId} (${runner.modelId})`).join(', ');
  throw new CommandError(`several instances have a rank ${rank}: say which with --instance: ${instances}`);
}

function whatNext(kind: Kind, { deviceRank, phase }: ClusterTimelineRunner): string[] {
  const again = (verb: string) => `rankscope inject ${verb} --rank ${deviceRank}`;
  const idle =
    phase === 'idle' ? ['It is idle now and meets its peers again at the next request: rankscope chat "hello"'] : [];
  const look = 'See it: rankscope timeline --watch';
  switch (kind) {
    case 'hang':
    case 'delay':
      return [...idle, look, `Let it go: ${again('release')}`];
    case 'stop':
      return [look, `Let it go on: ${again('continue')}`];
    case 'error':
      return [...idle, look];
    default:
      return [look];
  }
}
