import { createPlaneClient } from '@rankscope/client';
import { didYouMean } from '@rankscope/daemon';
import manifest from '../package.json' with { type: 'json' };
import type { Command } from './command.ts';
import { chat } from './commands/chat.ts';
import { diagnose } from './commands/diagnose.ts';
import { exportRing } from './commands/export.ts';
import { helpOf } from './commands/help.ts';
import { inject } from './commands/inject.ts';
import { nodes } from './commands/nodes.ts';
import { timeline } from './commands/timeline.ts';
import { up } from './commands/up.ts';
import { readConfig } from './config.ts';
import { parseFlags } from './parse-flags.ts';
import type { Terminal } from './terminal.ts';
import { CommandError, exitCodes, UsageError } from './usage-error.ts';

const help = helpOf(() => commands);
const commands: readonly Command[] = [up, timeline, diagnose, nodes, chat, inject, exportRing, help];

/** The words after `rankscope` → an exit code. What the person must know has been said when it resolves. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof CommandError)) throw error;
    terminal.tell(`rankscope: ${error.message}`);
    return error instanceof UsageError ? exitCodes.wrongUsage : exitCodes.failed;
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first = 'help', ...rest] = args;
  if (first === '--version') {
    terminal.print(manifest.version);
    return exitCodes.fine;
  }
  const name = first === '--help' || first === '-h' ? 'help' : first;
  const found = commands.find((command) => command.name === name);
  if (found === undefined) {
    const hint =
      didYouMean(
        name,
        commands.map((command) => command.name),
      ) || '; see rankscope help';
    throw new UsageError(`${name} is no command${hint}`);
  }
  if (rest.includes('--help') || rest.includes('-h')) return dispatch(['help', name], terminal);
  const known = found.passesOn ? {} : ({ ...found.flags, url: 'text' } as const);
  const { flags, words } = found.passesOn ? { flags: {}, words: [] } : parseFlags(rest, known);
  const url = 'url' in flags && typeof flags.url === 'string' ? flags.url : undefined;
  if (words.length > 0 && !takesWords.has(name))
    throw new UsageError(`${name} takes no ${JSON.stringify(words[0])}; see rankscope help ${name}`);
  const config = readConfig(url);
  const plane = createPlaneClient(config.url, { token: config.token });
  return found.run({ config, plane, terminal, flags, words, args: rest });
}

const takesWords = new Set(['help', 'chat', 'inject', 'export', 'diagnose']);
