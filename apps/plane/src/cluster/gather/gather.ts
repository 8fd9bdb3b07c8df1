import type { NodeDiagnostics } from '@rankscope/schema';
import type { GatheredNode } from '@rankscope/timeline';
import { askPeer } from './ask-peer.ts';
import { type ClockBook, createClockBook } from './clock-book.ts';
import { type LastWords, withLastWords } from './last-words.ts';
import type { Peer, PeerBook } from './peer-book.ts';

/** The nodes of the cluster as they are at this moment: they come, move and go while the plane runs. */
export interface Cluster {
  readonly localNodeId: string;
  /** Read it when it is needed: it is learnt, and may change. */
  readonly masterNodeId: string | null;
  /** How long the last gather took, and whether each peer answered when it was last asked, by its node's name. */
  readonly lastGather: { readonly seconds: number | null; readonly reachable: ReadonlyMap<string, boolean> };
  /** Everybody but this plane who is expected to answer. */
  peers(): readonly Peer[];
  /** Calls the listener after every change of `peers()`; returns what ends that. */
  subscribe(listener: () => void): () => void;
  readonly clocks: ClockBook;
  /** What this machine runs, without asking anybody. */
  local(limit: number): GatheredNode;
  /** Ranks that no plane runs, as the telemetry that they send tells of them. */
  heard(limit: number): GatheredNode[];
  peer(peer: Peer, limit: number, signal?: AbortSignal): Promise<GatheredNode>;
  /** Everybody at once under one deadline: any number of dead peers costs one deadline. */
  gather(limit: number): Promise<GatheredNode[]>;
}

export interface ClusterOptions {
  readonly localNodeId: string;
  readonly book: PeerBook;
  readonly deadlineMs: number;
  /** What planes show each other. */
  readonly token: string | null;
  readonly diagnose: (limit: number) => NodeDiagnostics;
  /** Asked after a node that does not answer. */
  readonly lastWords: LastWords;
  readonly heard?: (limit: number) => GatheredNode[];
  readonly nowMs: () => number;
  readonly wallNs: () => bigint;
}

export function createCluster(options: ClusterOptions): Cluster {
  const { localNodeId, book, deadlineMs, token, diagnose, heard = () => [], lastWords, nowMs, wallNs } = options;
  const clocks = createClockBook(wallNs);
  const answered = new Map<string, boolean>();
  let seconds: number | null = null;

  const local = (limit: number): GatheredNode => ({
    kind: 'ok',
    nodeId: localNodeId,
    url: null,
    diagnostics: diagnose(limit),
    roundTripMs: null,
    clock: { offsetSeconds: 0, uncertaintySeconds: 0 },
  });
  const peer = async (asked: Peer, limit: number, signal?: AbortSignal): Promise<GatheredNode> => {
    const asking = askPeer({ peer: asked, clocks, limit, deadlineMs, token, signal });
    const node = await withLastWords({ asking, nodeId: asked.nodeId, limit, lastWords, deadlineMs });
    if (node.kind === 'ok' && node.url !== null) book.remember(node.url, node.nodeId);
    if (node.nodeId !== localNodeId && !signal?.aborted) answered.set(asked.key, node.kind === 'ok');
    return node;
  };
  book.subscribe(() => {
    const keys = new Set(book.peers().map(({ key }) => key));
    for (const key of answered.keys()) if (!keys.has(key)) answered.delete(key);
  });

  return {
    localNodeId,
    get masterNodeId() {
      return book.masterNodeId;
    },
    lastGather: {
      get seconds() {
        return seconds;
      },
      get reachable() {
        return reachableNodes(book, answered);
      },
    },
    peers: book.peers,
    subscribe: book.subscribe,
    clocks,
    local,
    heard,
    peer,
    async gather(limit) {
      const startedMs = nowMs();
      // The peers first: their requests are on the way while we read our own files.
      const asked = book.peers().map((one) => peer(one, limit));
      const own = [local(limit), ...heard(limit)];
      const nodes = [...own, ...(await Promise.all(asked)).filter((node) => node.nodeId !== localNodeId)];
      seconds = (nowMs() - startedMs) / 1000;
      return nodes;
    },
  };
}

/** By node. One that has several addresses is reachable if one of them answers. */
function reachableNodes(book: PeerBook, answered: ReadonlyMap<string, boolean>): Map<string, boolean> {
  const found = new Map<string, boolean>();
  for (const { key, nodeId } of book.peers()) {
    const last = answered.get(key);
    if (last !== undefined) found.set(nodeId, last || found.get(nodeId) === true);
  }
  return found;
}
