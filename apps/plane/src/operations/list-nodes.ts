import type { ClusterNodes } from '@rankscope/schema';
import type { Context } from './context.ts';

/** The cluster as this plane knows it: who leads, who belongs to it, since when each reports. Asks nobody. */
export function listNodes({ cluster, membership }: Context): ClusterNodes {
  const { localNodeId, masterNodeId } = cluster;
  const { role } = membership;
  const head = { localNodeId, masterNodeId, role };
  switch (role) {
    case 'leader':
      return { ...head, leader: null, nodes: membership.members.list() };
    case 'joined':
      return { ...head, leader: membership.joined.standing(), nodes: [...membership.joined.peers.list()] };
    case 'peers': {
      const own = { nodeId: localNodeId, url: null, friendlyName: null, reportsSince: null };
      const others = cluster
        .peers()
        .map(({ nodeId, url, friendlyName }) => ({ nodeId, url, friendlyName, reportsSince: null }));
      return { ...head, leader: null, nodes: [own, ...others] };
    }
  }
}
