import type { PlaneClient } from '@rankscope/client';
import type { Config } from './config.ts';
import type { Flags, FlagTypes } from './parse-flags.ts';
import type { Terminal } from './terminal.ts';

export interface CommandContext<Types extends FlagTypes> {
  readonly config: Config;
  readonly plane: PlaneClient;
  readonly terminal: Terminal;
  readonly flags: Flags<Types>;
  readonly words: readonly string[];
  /** As typed, for the command that passes them on. */
  readonly args: readonly string[];
}

export interface Command<Types extends FlagTypes = FlagTypes> {
  readonly name: string;
  /** What follows the name: `KIND --rank R [--at PHASE]`. */
  readonly usage: string;
  readonly summary: string;
  /** Printed under the usage by `rankscope help NAME`. */
  readonly details: readonly string[];
  readonly flags: Types;
  /** Flags that it does not know are somebody else's. */
  readonly passesOn?: true;
  /** Resolves to the exit code. */
  run(context: CommandContext<Types>): Promise<number>;
}

/** Ties the flags that a command declares to those that it reads. */
export function command<const Types extends FlagTypes>(definition: Command<Types>): Command {
  return definition as unknown as Command;
}
