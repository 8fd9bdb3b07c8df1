import { createPlaneClient, StreamError } from '@rankscope/client';
import { type CommandContext, command } from '../command.ts';
import { openBrowser } from '../open-browser.ts';
import { splitUpArgs } from '../split-up-args.ts';
import { type StartedPlane, startPlane } from '../start-plane.ts';
import { exitCodes } from '../usage-error.ts';

/** A first run may fetch a model over a slow line. */
const readyDeadlineMs = 15 * 60_000;

export const up = command({
  name: 'up',
  usage: '[--model smollm2|tiny|DIR] [--ranks N] [--plan pipeline|tensor|single] [--prompt TEXT] [--exit] …',
  summary: 'start a plane on this machine, and a model over real ranks',
  details: [
    '--model NAME|DIR  smollm2 (default), tiny, or a directory with config.json and safetensors',
    '--ranks N         processes that hold the model between them (2)',
    '--plan PLAN       pipeline (default), tensor or single',
    '--no-model        a plane alone',
    '--prompt TEXT     ask once and print the answer',
    '--exit            end when the model is ready and the answer is out; the exit code says how it went',
    '--join URL        be a node of the cluster that the plane at URL leads; tokens: RANKSCOPE_JOIN_TOKEN',
    '--no-open         do not show the page in a browser',
    '--host, --port, --data, --peers, --public-url, --node-name, --node-deadline-ms, --inject, --log, --cache …',
    '                  as RANKSCOPE_HOST, RANKSCOPE_PORT, … in the environment; --print-config shows them all',
  ],
  flags: {},
  passesOn: true,
  async run(context) {
    const { config, terminal } = context;
    const { own, passedOn } = splitUpArgs(context.args);
    const plane = startPlane({ args: passedOn, env: config.planeEnv, readyDeadlineMs, terminal });
    const url = await plane.listening;
    // It has said why, or has printed its configuration.
    if (url === null) return plane.ended;
    terminal.tell(`Rankscope is at ${terminal.style('bold', url)}`);
    if (!own.noOpen && !own.exit && terminal.isTty && config.hasDisplay) openBrowser(url);
    if (own.prompt === null && !own.exit) {
      void plane.ready.then(
        (outcome) =>
          outcome.kind === 'failed' && !outcome.told && terminal.tell(`The model is not served: ${outcome.reason}`),
      );
      return plane.ended;
    }
    const code = await askOnce(context, plane, own.prompt);
    return own.exit || plane.hasEnded() ? plane.end(code) : plane.ended;
  },
});

/** 0 when the model came up and, if something was asked, answered. */
async function askOnce(
  { config, terminal }: CommandContext<Record<never, never>>,
  plane: StartedPlane,
  prompt: string | null,
): Promise<number> {
  const outcome = await plane.ready;
  if (outcome.kind === 'failed') {
    if (!outcome.told) terminal.tell(`The model is not served: ${outcome.reason}`);
    return exitCodes.failed;
  }
  if (prompt === null) return exitCodes.fine;
  if (outcome.modelId === null) {
    terminal.tell('There is no model to ask: leave out --no-model.');
    return exitCodes.failed;
  }
  const client = createPlaneClient(outcome.url, { token: config.token });
  const messages = [{ role: 'user' as const, content: prompt }];
  try {
    for await (const text of client.streamChat({ model: outcome.modelId, messages }, plane.signal))
      terminal.write(text);
    terminal.write('\n');
    return plane.signal.aborted ? exitCodes.failed : exitCodes.fine;
  } catch (error) {
    if (!(error instanceof StreamError)) throw error;
    terminal.tell(`There is no answer: ${error.message}`);
    return exitCodes.failed;
  }
}
