import type { NodeDiagnostics } from '@rankscope/schema';
import type { GatheredNode } from '@rankscope/timeline';
import { askPeer } from './ask-peer.ts';
import type { PeerBook } from './peer-book.ts';

export interface Cluster {
  readonly localNodeId: string;
  readonly masterNodeId: string | null;
  readonly book: PeerBook;
  /** How long the last gather took and whether each address answered: shown at /metrics. */
  readonly lastGather: { readonly seconds: number | null; readonly reachable: ReadonlyMap<string, boolean> };
  /** What this machine runs, without asking anybody. */
  local(limit: number): GatheredNode;
  /** Ranks that no plane runs, as the telemetry that they send tells of them. */
  heard(limit: number): GatheredNode[];
  peer(url: string, limit: number, signal?: AbortSignal): Promise<GatheredNode>;
  /** Everybody at once under one deadline: any number of dead peers costs one deadline. */
  gather(limit: number): Promise<GatheredNode[]>;
}

export interface ClusterOptions {
  readonly localNodeId: string;
  readonly book: PeerBook;
  readonly deadlineMs: number;
  readonly token: string | null;
  readonly diagnose: (limit: number) => NodeDiagnostics;
  readonly heard?: (limit: number) => GatheredNode[];
  readonly nowMs: () => number;
}

export function createCluster(options: ClusterOptions): Cluster {
  const { localNodeId, book, deadlineMs, token, diagnose, heard = () => [], nowMs } = options;
  const lastGather = { seconds: null as number | null, reachable: new Map<string, boolean>() };

  const local = (limit: number): GatheredNode => ({
    kind: 'ok',
    nodeId: localNodeId,
    url: null,
    diagnostics: diagnose(limit),
    roundTripMs: null,
  });
  const peer = async (url: string, limit: number, signal?: AbortSignal): Promise<GatheredNode> => {
    const node = await askPeer({ url, book, limit, deadlineMs, token, signal });
    if (node.nodeId !== localNodeId) lastGather.reachable.set(url, node.kind === 'ok');
    return node;
  };

  return {
    localNodeId,
    // Without peers a plane leads its own cluster of one; a list of peers is a cluster without a leader.
    masterNodeId: book.urls.length === 0 ? localNodeId : null,
    book,
    lastGather,
    local,
    heard,
    peer,
    async gather(limit) {
      const startedMs = nowMs();
      // The peers first: their requests are on the way while we read our own files.
      const asked = book.urls.map((url) => peer(url, limit));
      const own = [local(limit), ...heard(limit)];
      const nodes = [...own, ...(await Promise.all(asked)).filter((node) => node.nodeId !== localNodeId)];
      lastGather.seconds = (nowMs() - startedMs) / 1000;
      return nodes;
    },
  };
}
