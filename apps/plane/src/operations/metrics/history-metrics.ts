import type { Keeping } from '../../control/keeping.ts';
import type { MetricSource } from './metric-source.ts';

/** What the leading plane fetches from every node and keeps. */
export function historyMetrics(nodeId: string, { store, tail }: Keeping): MetricSource {
  return {
    name: 'history',
    async collect(sink) {
      for (const { nodeId: node, entries, dropped, refused, ageMs } of tail.nodes()) {
        sink.set('tailEntries', { node }, entries);
        sink.set('tailDropped', { node }, dropped);
        sink.set('tailRefused', { node }, refused);
        sink.set('tailLag', { node }, ageMs === null ? null : ageMs.p99 / 1_000);
      }
      const { rows, diskBytes, lostRows, doubleRows } = await store.facts();
      const node = nodeId;
      sink.set('storeRows', { node }, rows);
      sink.set('storeBytes', { node }, diskBytes);
      sink.set('storeLost', { node }, lostRows);
      sink.set('storeDoubled', { node }, doubleRows);
    },
  };
}
