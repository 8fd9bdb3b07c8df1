import type { MetricKey } from '@rankscope/schema';
import type { MetricSource } from './metric-source.ts';

export interface FactsSourceOptions<F extends object> {
  readonly name: string;
  readonly nodeId: string;
  /** What the room says of itself: totals since it was opened, and what holds now. */
  readonly facts: () => F | Promise<F>;
  /** Which fact is which metric. Facts that are not named are not exposed. */
  readonly metrics: Readonly<Partial<Record<keyof F, MetricKey>>>;
}

/**
 * A room whose `facts()` are numbers. The whole file of such a room:
 *
 *     export const storeMetrics = (nodeId: string, store: EntryStore): MetricSource =>
 *       factsSource({ name: 'store', nodeId, facts: store.facts, metrics: { rows: 'storeRows', lostRows: 'storeLost' } });
 */
export function factsSource<F extends object>({ name, nodeId, facts, metrics }: FactsSourceOptions<F>): MetricSource {
  return {
    name,
    async collect(sink) {
      const known = new Map<string, unknown>(Object.entries(await facts()));
      for (const [fact, metric] of Object.entries<MetricKey | undefined>(metrics)) {
        const value = known.get(fact);
        if (metric !== undefined && typeof value === 'number') sink.set(metric, { node: nodeId }, value);
      }
    },
  };
}
