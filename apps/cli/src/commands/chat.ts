import { createInterface } from 'node:readline/promises';
import { text as readAll } from 'node:stream/consumers';
import { StreamError } from '@rankscope/client';
import { type CommandContext, command } from '../command.ts';
import { answerOf, explain } from '../plane-answer.ts';
import { CommandError, exitCodes, UsageError } from '../usage-error.ts';

const flags = { model: 'text', system: 'text', 'max-tokens': 'number' } as const;
type Context = CommandContext<typeof flags>;
type Message = { role: 'system' | 'user' | 'assistant'; content: string };

export const chat = command({
  name: 'chat',
  usage: '[TEXT] [--model NAME] [--system TEXT] [--max-tokens N]',
  summary: 'ask a served model; without TEXT a conversation',
  details: [
    'Ctrl-C cancels the answer on all ranks; at an empty prompt it ends.',
    'Without TEXT and without a terminal the question is read from standard input.',
  ],
  flags,
  async run(context) {
    const { terminal, words, flags: given } = context;
    const model = given.model ?? (await firstModel(context));
    const history: Message[] = given.system === undefined ? [] : [{ role: 'system', content: given.system }];
    if (words.length === 0 && terminal.canAsk) return converse(context, model, history);
    const question = words.length > 0 ? words.join(' ') : (await readAll(process.stdin)).trim();
    if (question === '') throw new UsageError('nothing was asked: rankscope chat "Why is the sky blue?"');
    const { cancelled } = await answer(context, model, [...history, { role: 'user', content: question }]);
    return cancelled ? exitCodes.interrupted : exitCodes.fine;
  },
});

async function firstModel({ plane }: Context): Promise<string> {
  const [model] = answerOf(plane.baseUrl, await plane.models()).data;
  if (model === undefined) throw new CommandError(`${plane.baseUrl} serves no model now; see rankscope timeline`);
  return model.id;
}

async function converse(context: Context, model: string, history: Message[]): Promise<number> {
  const { terminal } = context;
  terminal.tell(terminal.style('gray', `${model} · Ctrl-C cancels an answer, Ctrl-D ends`));
  for (;;) {
    const question = await ask('> ');
    if (question === null) return exitCodes.fine;
    if (question.trim() === '') continue;
    history.push({ role: 'user', content: question });
    try {
      const { text } = await answer(context, model, history);
      history.push({ role: 'assistant', content: text });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      // The conversation outlives a rank.
      terminal.tell(error.message);
      history.pop();
    }
  }
}

/** One line; null when the person is done. Opened anew each time, so that Ctrl-C belongs to the answer in between. */
async function ask(prompt: string): Promise<string | null> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const ended = new Promise<null>((resolve) =>
    lines.once('close', () => resolve(null)).once('SIGINT', () => lines.close()),
  );
  const line = await Promise.race([lines.question(prompt), ended]);
  lines.close();
  if (line === null) process.stdout.write('\n');
  return line;
}

/** Writes the answer as it is made. */
async function answer({ plane, terminal, flags: given }: Context, model: string, messages: readonly Message[]) {
  const controller = new AbortController();
  const cancel = () => controller.abort();
  process.once('SIGINT', cancel);
  let text = '';
  try {
    const maxTokens = given['max-tokens'];
    const request = { model, messages: [...messages], ...(maxTokens !== undefined && { max_tokens: maxTokens }) };
    for await (const piece of plane.streamChat(request, controller.signal)) {
      text += piece;
      terminal.write(piece);
    }
  } catch (error) {
    if (!(error instanceof StreamError)) throw error;
    if (text !== '') terminal.write('\n');
    throw new CommandError(
      error.status === null && error.problem === null && text !== ''
        ? error.message
        : explain(plane.baseUrl, error.message, error.status, error.problem?.detail ?? null),
      { cause: error },
    );
  } finally {
    process.off('SIGINT', cancel);
  }
  terminal.write('\n');
  if (controller.signal.aborted) terminal.tell('(cancelled)');
  return { text, cancelled: controller.signal.aborted };
}
