import { parseArgs } from 'node:util';
import { didYouMean } from '@rankscope/daemon';
import { UsageError } from './usage-error.ts';

export type FlagTypes = Readonly<Record<string, 'text' | 'number' | 'boolean'>>;

type Value<Type> = Type extends 'text' ? string : Type extends 'number' ? number : true;
export type Flags<Types extends FlagTypes> = { readonly [Name in keyof Types]?: Value<Types[Name]> };

export interface ParsedFlags<Types extends FlagTypes> {
  readonly flags: Flags<Types>;
  readonly words: readonly string[];
}

/** Arguments after the command → flags and words; a UsageError names the flag and the one that was meant. */
export function parseFlags<Types extends FlagTypes>(args: readonly string[], types: Types): ParsedFlags<Types> {
  const options = Object.fromEntries(
    Object.entries(types).map(([name, type]) => [
      name,
      { type: type === 'boolean' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  // Not strict: Node's own sentences name neither the nearest flag nor the value.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const flags: Record<string, string | number | true> = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const type = types[name];
    if (type === undefined)
      throw new UsageError(
        `${rawName} is not a flag here${didYouMean(
          rawName,
          Object.keys(types).map((flag) => `--${flag}`),
        )}`,
      );
    const missing = value === undefined || (!inlineValue && value.startsWith('--'));
    if (type === 'boolean' && value !== undefined) throw new UsageError(`${rawName} takes no value`);
    if (type !== 'boolean' && missing) throw new UsageError(`${rawName} needs a value`);
    flags[name] = type === 'boolean' ? true : type === 'number' ? wholeNumber(rawName, value ?? '') : (value ?? '');
  }
  return { flags: flags as Flags<Types>, words };
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${flag} needs a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}
