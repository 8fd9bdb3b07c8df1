import { type ClusterHistory, formatTimestamp } from '@rankscope/schema';
import type { Context } from './context.ts';

/** What this plane keeps of all nodes, and how far it follows each; null where it keeps nothing. */
export async function clusterHistory({ keeping }: Pick<Context, 'keeping'>): Promise<ClusterHistory | null> {
  if (keeping === null) return null;
  const { rows, diskBytes, oldestUs, lostRows, doubleRows } = await keeping.store.facts();
  const oldestAt = oldestUs === null ? null : formatTimestamp(BigInt(Math.round(oldestUs)) * 1_000n);
  return { nodes: [...keeping.tail.nodes()], rows, diskBytes, oldestAt, lostRows, doubleRows };
}
