import { parseArgs } from 'node:util';
import { UsageError } from '../../src/usage-error.ts';

export const partNames = ['collector', 'jaeger', 'prometheus'] as const;
export type PartName = (typeof partNames)[number];

export interface StackFlags {
  readonly help: boolean;
  readonly without: ReadonlySet<PartName>;
  /** What `rankscope up` gets, as it was typed. */
  readonly upArgs: readonly string[];
}

/** Takes out what is meant for the stack; `up` knows its own flags, we do not. */
export function splitStackArgs(args: readonly string[]): StackFlags {
  const without = new Set<PartName>();
  const upArgs: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--without' || arg.startsWith('--without=')) {
      if (arg === '--without') at += 1;
      const names = arg === '--without' ? (args[at] ?? '') : arg.slice('--without='.length);
      for (const name of names.split(',')) without.add(parsePartName(name));
    } else upArgs.push(arg);
  }
  return { help: upArgs.includes('--help') || upArgs.includes('-h'), without, upArgs };
}

function parsePartName(text: string): PartName {
  const found = partNames.find((name) => name === text);
  if (found === undefined)
    throw new UsageError(`--without ${JSON.stringify(text)}: it is one of ${partNames.join(', ')}`);
  return found;
}

/** What `up --print-config` says of the plane to come. */
export interface PlaneSettings {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly cacheDir: string;
  /** The plane that leads, where this one joins another; null when it leads itself. */
  readonly leaderUrl: string | null;
}

/** `KEY=value` lines. */
export function parsePlaneSettings(printed: string): PlaneSettings {
  const values = new Map(
    printed.split('\n').map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  );
  const value = (key: string) => {
    const found = values.get(key);
    if (found === undefined) throw new Error(`rankscope up --print-config does not say ${key}:\n${printed}`);
    return found;
  };
  return {
    host: value('RANKSCOPE_HOST'),
    port: Number(value('RANKSCOPE_PORT')),
    dataDir: value('RANKSCOPE_DATA'),
    cacheDir: value('RANKSCOPE_CACHE'),
    leaderUrl: value('RANKSCOPE_JOIN') || null,
  };
}

/** Somebody who names a port counts on it; a default may give way. */
export function namesPort(upArgs: readonly string[], env: Readonly<Record<string, string | undefined>>): boolean {
  const { tokens } = parseArgs({
    args: [...upArgs],
    options: { port: { type: 'string' } },
    strict: false,
    tokens: true,
  });
  return Boolean(env.RANKSCOPE_PORT) || tokens.some((token) => token.kind === 'option' && token.name === 'port');
}

/** Where the parts find the plane: one that listens everywhere listens on loopback too. */
export function planeHostOf({ host }: PlaneSettings): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
