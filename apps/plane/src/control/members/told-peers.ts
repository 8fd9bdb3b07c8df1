import { type ClusterPeer, formatTimestamp } from '@rankscope/schema';
import type { Member } from './member-state.ts';

/**
 * Members as the nodes are told of them. Made anew only when there is something new to tell: the list goes out with
 * every answer, and in a large cluster that is many times a second.
 */
export function createToldPeers(): (members: readonly Member[]) => readonly ClusterPeer[] {
  let last: readonly Member[] = [];
  let told: readonly ClusterPeer[] = [];
  return (members) => {
    if (!isSame(members, last)) told = members.map(peerOf);
    last = members;
    return told;
  };
}

function isSame(a: readonly Member[], b: readonly Member[]): boolean {
  return a.length === b.length && a.every((member, at) => b[at] !== undefined && isTheSame(member, b[at]));
}

function isTheSame(a: Member, b: Member): boolean {
  return (
    a.nodeId === b.nodeId &&
    a.url === b.url &&
    a.friendlyName === b.friendlyName &&
    a.reportsSinceMs === b.reportsSinceMs
  );
}

function peerOf({ nodeId, url, friendlyName, reportsSinceMs }: Member): ClusterPeer {
  const reportsSince = reportsSinceMs === null ? null : formatTimestamp(BigInt(reportsSinceMs) * 1_000_000n);
  return { nodeId, url, friendlyName, reportsSince };
}
