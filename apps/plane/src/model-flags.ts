import { didYouMean } from '@rankscope/daemon';
import { ShardPlan } from '@rankscope/schema';

/** Which model this plane serves, as its flags say. */
export interface ModelFlags {
  /** 'smollm2', 'tiny', a directory; null serves nothing. */
  readonly model: string | null;
  readonly ranks: number;
  readonly plan: ShardPlan;
  readonly engine: 'mlx' | 'simulated';
}

const engines = ['mlx', 'simulated'] as const;

export const modelFlags = {
  model: 'string',
  ranks: 'string',
  plan: 'string',
  engine: 'string',
  'no-model': 'boolean',
} as const;

/** More ranks than this on one machine is a slip of the finger. */
const maxRanks = 64;

/** The names that need no directory. */
const knownModels = ['smollm2', 'tiny'] as const;

type Flags = Readonly<Record<string, string | boolean>>;

/** Everything that is wrong with the flags of `up`, one line each. */
export function findModelFaults(flags: Flags, isDirectory: (path: string) => boolean): string[] {
  const faults: string[] = [];
  const engine = oneOf(flags, 'engine', engines, 'mlx', faults);
  const noModel = flags['no-model'] !== undefined || flags.model === 'none';
  if (flags['no-model'] && flags.model !== undefined && flags.model !== 'none')
    faults.push('--model and --no-model contradict each other: leave one out');
  // A simulated rank reads no model: there the name is only a name.
  else if (!noModel && engine === 'mlx' && flags.model !== undefined)
    faults.push(...findUnknownModel(String(flags.model), isDirectory));
  const plan = oneOf(flags, 'plan', ShardPlan.options, null, faults);
  const ranks = Number(flags.ranks ?? (plan === 'single' ? 1 : 2));
  if (!Number.isInteger(ranks) || ranks < 1 || ranks > maxRanks) {
    faults.push(`--ranks ${String(flags.ranks)}: a whole number from 1 to ${maxRanks}`);
  } else if (plan === 'single' && ranks > 1) {
    faults.push(
      `--plan single holds the model in one rank, not in ${ranks}: take --plan pipeline or tensor, or --ranks 1`,
    );
  }
  return faults;
}

function findUnknownModel(model: string, isDirectory: (path: string) => boolean): string[] {
  if (knownModels.some((name) => name === model) || isDirectory(model)) return [];
  const choices = `one of ${knownModels.join(', ')}, or a directory that exists`;
  return [`--model ${model}: ${choices}${didYouMean(model, knownModels)}`];
}

/** The flags of `up` → what to serve; of flags without a fault. */
export function parseModelFlags(flags: Flags): ModelFlags {
  const engine = engines.find((name) => name === flags.engine) ?? 'mlx';
  const noModel = flags['no-model'] !== undefined || flags.model === 'none';
  const model = noModel ? null : String(flags.model ?? (engine === 'mlx' ? 'smollm2' : 'tiny'));
  const wanted = ShardPlan.options.find((name) => name === flags.plan) ?? 'pipeline';
  const ranks = Number(flags.ranks ?? (wanted === 'single' ? 1 : 2));
  return { model, ranks, plan: ranks === 1 ? 'single' : wanted, engine };
}

function oneOf<T extends string, F>(
  flags: Flags,
  name: string,
  allowed: readonly T[],
  fallback: F,
  faults: string[],
): T | F {
  const given = flags[name];
  if (given === undefined) return fallback;
  const found = allowed.find((value) => value === given);
  if (found === undefined) faults.push(`--${name} ${String(given)}: one of ${allowed.join(', ')}`);
  return found ?? fallback;
}
