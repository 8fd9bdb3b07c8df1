import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { didYouMean } from './nearest-name.ts';

/** One object schema whose keys are the environment's names (`RANKSCOPE_PORT`); defaults and checks live in it. */
export type ConfigFields = z.ZodObject;

export interface ParseConfigOptions<Fields extends ConfigFields> {
  readonly fields: Fields;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Arguments after the verb. A flag is the key without the prefix: `--node-deadline-ms 500`. A flag beats the environment. */
  readonly argv?: readonly string[];
  /** Keys that are taken from the environment only: a flag shows in `ps`. */
  readonly secret?: readonly string[];
  /** Flags of the verb itself that mean nothing to the environment, e.g. `--ranks 2`; handed back in `flags`. */
  readonly extraFlags?: Readonly<Record<string, 'string' | 'boolean'>>;
  /** A child process inherits keys that are meant for its parent: it says `ignore`. */
  readonly unknownKeys?: 'refuse' | 'ignore';
  /** Further faults, found in what was given as it was given: told in the same list, also when the fields have some. */
  readonly moreFaults?: (given: GivenConfig) => readonly string[];
}

/** What was given, before anything was made of it. */
export interface GivenConfig {
  /** By key; what is unset or empty is absent. */
  readonly texts: Readonly<Record<string, string>>;
  readonly flags: Readonly<Record<string, string | boolean>>;
  readonly positionals: readonly string[];
}

export interface ParsedConfig<Values> {
  readonly values: Readonly<Values>;
  readonly flags: Readonly<Record<string, string | boolean>>;
  readonly positionals: readonly string[];
  /** `--print-config` was given; see formatConfig. */
  readonly printConfig: boolean;
}

/** Everything that is wrong, one line each, so that it is mended in one go. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

export const envPrefix = 'RANKSCOPE_';

/** Environment and flags → one frozen object. Throws a ConfigError that lists every fault at once. */
export function parseConfig<Fields extends ConfigFields>(
  options: ParseConfigOptions<Fields>,
): ParsedConfig<z.output<Fields>> {
  const { fields, env, argv = [], secret = [], extraFlags = {}, unknownKeys = 'refuse' } = options;
  const keys = Object.keys(fields.shape);
  const faults = unknownKeys === 'refuse' ? findUnknownKeys(env, keys) : [];
  const line = readCommandLine({ argv, keys, secret, extraFlags });
  faults.push(...line.faults);

  const raw: Record<string, string> = {};
  for (const key of keys) {
    const value = line.values[key] ?? env[key];
    // An empty variable is how a shell script says "not set".
    if (value !== undefined && value !== '') raw[key] = value;
  }
  const parsed = fields.safeParse(raw);
  if (!parsed.success) faults.push(...parsed.error.issues.map((issue) => describeIssue(issue, raw, secret)));
  faults.push(...(options.moreFaults?.({ texts: raw, flags: line.flags, positionals: line.positionals }) ?? []));
  if (faults.length > 0 || !parsed.success) throw new ConfigError(faults);
  return {
    values: Object.freeze(parsed.data),
    flags: line.flags,
    positionals: line.positionals,
    printConfig: line.printConfig,
  };
}

/** `RANKSCOPE_NODE_DEADLINE_MS` → `node-deadline-ms`. */
export function flagOf(key: string): string {
  return key.replace(envPrefix, '').toLowerCase().replaceAll('_', '-');
}

function findUnknownKeys(env: ParseConfigOptions<ConfigFields>['env'], keys: readonly string[]): string[] {
  return Object.keys(env)
    .filter((key) => key.startsWith(envPrefix) && !keys.includes(key))
    .map((key) => `${key} is not a setting${didYouMean(key, keys)}`);
}

interface CommandLine {
  readonly values: Record<string, string>;
  readonly flags: Record<string, string | boolean>;
  readonly positionals: string[];
  readonly printConfig: boolean;
  readonly faults: string[];
}

function readCommandLine(given: {
  readonly argv: readonly string[];
  readonly keys: readonly string[];
  readonly secret: readonly string[];
  readonly extraFlags: Readonly<Record<string, 'string' | 'boolean'>>;
}): CommandLine {
  const { argv, keys, secret, extraFlags } = given;
  const keyOfFlag = new Map(keys.filter((key) => !secret.includes(key)).map((key) => [flagOf(key), key]));
  const options: Record<string, { type: 'string' | 'boolean' }> = { 'print-config': { type: 'boolean' } };
  for (const flag of keyOfFlag.keys()) options[flag] = { type: 'string' };
  for (const [flag, type] of Object.entries(extraFlags)) options[flag] = { type };

  const line = { values: {}, flags: {}, positionals: [], printConfig: false, faults: [] } as CommandLine & {
    printConfig: boolean;
  };
  // Not strict: strict stops at the first fault, and all of them are to be told.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') line.positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const type = options[name]?.type;
    if (type === undefined) {
      const isSecret = secret.some((key) => flagOf(key) === name);
      const hint = isSecret
        ? `; a flag shows in \`ps\`, set ${envPrefix}${name.toUpperCase().replaceAll('-', '_')}`
        : didYouMean(
            rawName,
            Object.keys(options).map((flag) => `--${flag}`),
          );
      line.faults.push(`${rawName} is not a flag${hint}`);
    } else if (type === 'boolean' && value !== undefined) line.faults.push(`${rawName} takes no value`);
    else if (type === 'string' && (value === undefined || (!token.inlineValue && value.startsWith('--'))))
      line.faults.push(`${rawName} needs a value`);
    else if (name === 'print-config') line.printConfig = true;
    else if (type === 'boolean') line.flags[name] = true;
    else if (value !== undefined) {
      const key = keyOfFlag.get(name);
      if (key === undefined) line.flags[name] = value;
      else line.values[key] = value;
    }
  }
  return line;
}

function describeIssue(
  issue: z.core.$ZodIssue,
  raw: Readonly<Record<string, string>>,
  secret: readonly string[],
): string {
  const key = String(issue.path[0] ?? '');
  if (key === '') return issue.message;
  const value = raw[key];
  if (value === undefined) return `${key} is missing: ${issue.message}`;
  const shown = secret.includes(key) ? '(hidden)' : JSON.stringify(value);
  return `${key} = ${shown}: ${issue.message}`;
}
