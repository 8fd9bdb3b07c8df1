import type { ShardPlan } from '@rankscope/schema';

/** What of a model's config.json decides over how many ranks it can be cut. Null where the file does not say. */
export interface ModelSizes {
  readonly layers: number | null;
  readonly heads: number | null;
  readonly kvHeads: number | null;
  readonly feedForward: number | null;
}

/**
 * Why a model cannot be cut as asked, with what would fit; null when it can.
 *
 * The engine refuses the same and has the last word, but only in processes that have been started, and once in each.
 */
export function findMisfit(sizes: ModelSizes, plan: ShardPlan, ranks: number): string | null {
  if (plan === 'pipeline') {
    const { layers } = sizes;
    if (layers === null || ranks <= layers) return null;
    return `--ranks ${ranks} --plan pipeline needs a layer for every rank, and this model has ${layers}: take --ranks ${layers} or fewer.`;
  }
  if (plan !== 'tensor') return null;
  const parts = [
    [sizes.heads, 'attention heads'],
    [sizes.kvHeads, 'kv heads'],
    [sizes.feedForward, 'intermediate size'],
  ] as const;
  const uneven = parts.filter(([size]) => size !== null && size % ranks !== 0);
  if (uneven.length === 0) return null;
  const found = uneven.map(([size, name]) => `${name} ${size}`).join(', ');
  const most = Math.min(...parts.map(([size]) => size ?? Number.POSITIVE_INFINITY));
  const fitting = Array.from({ length: most }, (_, index) => index + 1).filter((count) =>
    parts.every(([size]) => size === null || size % count === 0),
  );
  const instead = sizes.layers === null || ranks <= sizes.layers ? ', or --plan pipeline' : '';
  return `--ranks ${ranks} --plan tensor cuts every layer evenly, and this model does not divide by ${ranks} (${found}): take --ranks ${oneOf(fitting)}${instead}.`;
}

/** `1`, `1 or 2`, `1, 2 or 4`. */
function oneOf(counts: readonly number[]): string {
  return counts.length < 2 ? String(counts[0]) : `${counts.slice(0, -1).join(', ')} or ${counts.at(-1)}`;
}
