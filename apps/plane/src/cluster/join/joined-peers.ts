import { ClusterPeer, type ClusterReportAnswer, maxClusterNodes } from '@rankscope/schema';
import { z } from 'zod';
import { addressPeer, listedPeer, type Peer, type PeerBook } from '../gather/peer-book.ts';
import type { KeptFile } from '../kept-file.ts';

/** What a leader last told of its cluster. Kept on disk, so that a node can be looked through while its leader is away. */
export const KeptCluster = z.object({
  /** Whom we asked: the list of another leader is none of ours. */
  joinUrl: z.string(),
  masterNodeId: z.string(),
  revision: z.int().nonnegative(),
  peers: z.array(ClusterPeer).max(maxClusterNodes),
});
export type KeptCluster = z.infer<typeof KeptCluster>;

/** The cluster that this plane is a node of, as its leader tells it. */
export interface JoinedPeers extends PeerBook {
  /** Of the list that is held; 0 before there is one. */
  readonly revision: number;
  /** Everybody, as the leader told it; empty before it has. */
  list(): readonly ClusterPeer[];
  take(answer: ClusterReportAnswer): void;
}

export interface JoinedPeersOptions {
  readonly localNodeId: string;
  readonly joinUrl: string;
  readonly file: KeptFile<KeptCluster>;
}

export function openJoinedPeers({ localNodeId, joinUrl, file }: JoinedPeersOptions): JoinedPeers {
  const listeners = new Set<() => void>();
  const kept = file.read();
  let cluster = kept?.joinUrl === joinUrl ? kept : null;
  let peers = peersOf(cluster, { localNodeId, joinUrl });

  return {
    get masterNodeId() {
      return cluster?.masterNodeId ?? null;
    },
    get revision() {
      return cluster?.revision ?? 0;
    },
    list: () => cluster?.peers ?? [],
    peers: () => peers,
    remember: () => undefined,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    take(answer) {
      const isNews = answer.revision !== cluster?.revision || answer.masterNodeId !== cluster.masterNodeId;
      cluster = { joinUrl, ...answer };
      if (!isNews) return;
      file.write(cluster);
      peers = peersOf(cluster, { localNodeId, joinUrl });
      for (const listener of listeners) listener();
    },
  };
}

/**
 * Everybody else. The leader is asked where this plane was told to join: that address is known to work from here, which
 * the leader cannot know of its own.
 */
function peersOf(cluster: KeptCluster | null, own: { localNodeId: string; joinUrl: string }): Peer[] {
  if (cluster === null) return [addressPeer(own.joinUrl)];
  const { masterNodeId, peers } = cluster;
  const leaderName = peers.find(({ nodeId }) => nodeId === masterNodeId)?.friendlyName ?? null;
  const others = peers.filter(({ nodeId }) => nodeId !== own.localNodeId && nodeId !== masterNodeId);
  return [
    listedPeer(masterNodeId, own.joinUrl, leaderName),
    ...others.map(({ nodeId, url, friendlyName }) => listedPeer(nodeId, url, friendlyName)),
  ];
}
