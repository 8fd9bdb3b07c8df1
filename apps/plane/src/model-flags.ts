import { ConfigError } from '@rankscope/daemon';
import { ShardPlan } from '@rankscope/schema';

/** Which model this plane serves, as its flags say. */
export interface ModelFlags {
  /** 'smollm2', 'tiny', a directory; null serves nothing. */
  readonly model: string | null;
  readonly ranks: number;
  readonly plan: ShardPlan;
  readonly engine: 'mlx' | 'simulated';
}

export const modelFlags = {
  model: 'string',
  ranks: 'string',
  plan: 'string',
  engine: 'string',
  'no-model': 'boolean',
} as const;

/** More ranks than this on one machine is a slip of the finger. */
const maxRanks = 64;

/** The flags of `up` → what to serve; throws a ConfigError with every fault. */
export function parseModelFlags(flags: Readonly<Record<string, string | boolean>>): ModelFlags {
  const faults: string[] = [];
  const engine = oneOf(flags, 'engine', ['mlx', 'simulated'] as const, 'mlx', faults);
  const model =
    flags['no-model'] || flags.model === 'none' ? null : String(flags.model ?? (engine === 'mlx' ? 'smollm2' : 'tiny'));
  if (flags['no-model'] && flags.model !== undefined && flags.model !== 'none') {
    faults.push('--model and --no-model contradict each other: leave one out');
  }
  const plan = oneOf(flags, 'plan', ShardPlan.options, flags.ranks === '1' ? 'single' : 'pipeline', faults);
  const ranks = Number(flags.ranks ?? (plan === 'single' ? 1 : 2));
  if (!Number.isInteger(ranks) || ranks < 1 || ranks > maxRanks) {
    faults.push(`--ranks ${String(flags.ranks)}: a whole number from 1 to ${maxRanks}`);
  } else if (plan === 'single' && ranks > 1) {
    faults.push(
      `--plan single holds the model in one rank, not in ${ranks}: take --plan pipeline or tensor, or --ranks 1`,
    );
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return { model, ranks, plan: ranks === 1 ? 'single' : plan, engine };
}

function oneOf<T extends string>(
  flags: Readonly<Record<string, string | boolean>>,
  name: string,
  allowed: readonly T[],
  fallback: T,
  faults: string[],
): T {
  const given = flags[name];
  if (given === undefined) return fallback;
  const found = allowed.find((value) => value === given);
  if (found === undefined) faults.push(`--${name} ${String(given)}: one of ${allowed.join(', ')}`);
  return found ?? fallback;
}
