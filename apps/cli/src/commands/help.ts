import { didYouMean } from '@rankscope/daemon';
import { type Command, command } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import { exitCodes, UsageError } from '../usage-error.ts';

/** Made of the table it explains. */
export function helpOf(commands: () => readonly Command[]): Command {
  return command({
    name: 'help',
    usage: '[COMMAND]',
    summary: 'this list, or one command in full',
    details: [],
    flags: {},
    run({ terminal, words: [name] }) {
      const known = commands();
      if (name === undefined) {
        terminal.print(showAll(known, terminal));
        return Promise.resolve(exitCodes.fine);
      }
      const found = known.find((candidate) => candidate.name === name);
      if (found === undefined) {
        throw new UsageError(
          `${name} is no command${didYouMean(
            name,
            known.map((candidate) => candidate.name),
          )}`,
        );
      }
      terminal.print(showOne(found, terminal));
      return Promise.resolve(exitCodes.fine);
    },
  });
}

export function showAll(commands: readonly Command[], terminal: Terminal): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'rankscope: which rank is holding up your distributed inference',
    '',
    ...commands.map(({ name, summary }) => `  ${terminal.style('bold', name.padEnd(width))}  ${summary}`),
    '',
    'rankscope help COMMAND tells its flags. A plane is asked at http://127.0.0.1:52500 unless --url or',
    'RANKSCOPE_URL names another; RANKSCOPE_TOKEN is sent where one is wanted.',
    'Exit codes: 0 fine, 1 failed, 2 wrong usage. rankscope --version prints the version.',
  ].join('\n');
}

export function showOne({ name, usage, summary, details, passesOn }: Command, terminal: Terminal): string {
  const url = passesOn ? [] : ['--url URL  another plane than http://127.0.0.1:52500'];
  return [
    `${terminal.style('bold', `rankscope ${name}`)} ${usage}`,
    summary,
    '',
    ...[...details, ...url].map((line) => `  ${line}`),
  ].join('\n');
}
