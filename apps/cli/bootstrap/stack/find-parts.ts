import { type EnsureOptions, ensurePart } from './ensure-part.ts';
import { findPrometheus } from './find-prometheus.ts';
import type { PartOutcome } from './part-outcome.ts';
import type { PartName } from './plan-stack.ts';
import { collectorRecipe, jaegerRecipe } from './recipe.ts';

export type FoundParts = Readonly<Record<PartName, PartOutcome>>;

/** Finds the programs, building what can be built: both at once, for one fetches while the other compiles. */
export async function findParts(without: ReadonlySet<PartName>, options: EnsureOptions): Promise<FoundParts> {
  const unlessLeftOut = async (name: PartName, find: () => PartOutcome | Promise<PartOutcome>) =>
    without.has(name) ? ({ kind: 'absent', reason: 'left out by --without', fix: '' } as const) : find();
  const [collector, jaeger, prometheus] = await Promise.all([
    unlessLeftOut('collector', () => ensurePart(collectorRecipe, options)),
    unlessLeftOut('jaeger', () => ensurePart(jaegerRecipe, options)),
    unlessLeftOut('prometheus', () => findPrometheus(options.env)),
  ]);
  return { collector, jaeger, prometheus };
}
