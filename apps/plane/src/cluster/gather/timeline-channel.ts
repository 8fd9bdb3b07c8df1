import { setTimeout as sleep } from 'node:timers/promises';
import { formatTimestamp, type TimelineChange, type TimelineQuery } from '@rankscope/schema';
import { type GatheredNode, type Stitched, stitch } from '@rankscope/timeline';
import { createFreshEntries } from './fresh-entries.ts';
import type { Cluster } from './gather.ts';
import type { Peer } from './peer-book.ts';

/** Five looks a second: a person sees a change at once, and an idle machine hardly notices. */
const tickMs = 200;
/** An eye on the clock of a silent cluster: seconds in phase go on. */
const beatMs = 1_000;
/** A peer that refuses answers at once, so it is not asked as often. */
const refusedPauseMs = 1_000;

/** What is new since the last look is never much; only a snapshot goes back as far as the query wants. */
const maxTickEntries = 2_048;

/** What several watchers of one query share: one poller, which runs only while somebody watches. */
export interface TimelineChannel {
  /** Settles when every node has answered or missed its first deadline. */
  readonly ready: Promise<void>;
  /** Everything known now; what was new goes to the listeners first, so that the next delta fits on it. */
  snapshot(): TimelineChange;
  close(): void;
}

export interface ChannelOptions {
  readonly cluster: Cluster;
  readonly query: TimelineQuery;
  readonly wallNs: () => bigint;
  readonly onChange: (change: TimelineChange) => void;
}

export function openTimelineChannel(options: ChannelOptions): TimelineChannel {
  const { cluster, query, wallNs, onChange } = options;
  const stopped = new AbortController();
  const peers = new Map<string, GatheredNode>();
  const followed = new Map<string, AbortController>();
  const fresh = createFreshEntries();
  let ticker: NodeJS.Timeout | undefined;
  let nodes: GatheredNode[] = [];
  let lastShape = '';
  let lastSentNs = 0n;

  const make = (of: readonly GatheredNode[]): Stitched =>
    stitch({
      generatedAt: formatTimestamp(wallNs()),
      localNodeId: cluster.localNodeId,
      masterNodeId: cluster.masterNodeId,
      query,
      nodes: of,
    });
  const tickLimit = Math.min(query.limit, maxTickEntries);
  const look = (limit: number) => {
    nodes = [cluster.local(limit), ...cluster.heard(limit), ...peers.values()];
    const news = fresh.take(nodes);
    const stitched = make(news.nodes);
    const shape = shapeOf(stitched);
    const nowNs = wallNs();
    if (news.count === 0 && shape === lastShape && nowNs - lastSentNs < BigInt(beatMs) * 1_000_000n) return;
    lastShape = shape;
    lastSentNs = nowNs;
    onChange(deltaOf(stitched));
  };
  const follow = async (peer: Peer, first: Promise<GatheredNode>, { signal }: AbortController) => {
    for (let asking = first; !signal.aborted; asking = cluster.peer(peer, tickLimit, signal)) {
      const node = await asking;
      if (signal.aborted) return;
      if (node.nodeId === cluster.localNodeId) return void peers.delete(peer.key);
      peers.set(peer.key, node);
      const pauseMs = node.kind === 'ok' ? tickMs : refusedPauseMs;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  };
  /** Lets go of those that have left the cluster, then asks those that are new in it. */
  const keepUp = (): Promise<GatheredNode>[] => {
    const expected = new Map(cluster.peers().map((peer) => [peer.key, peer]));
    for (const [key, following] of followed) {
      if (expected.has(key)) continue;
      following.abort();
      followed.delete(key);
      peers.delete(key);
    }
    return [...expected.values()].flatMap((peer) => {
      if (followed.has(peer.key)) return [];
      const following = new AbortController();
      followed.set(peer.key, following);
      const first = cluster.peer(peer, query.limit, following.signal);
      void follow(peer, first, following);
      return [first];
    });
  };
  const unsubscribe = cluster.subscribe(keepUp);
  const ready = Promise.all(keepUp()).then(() => {
    if (!stopped.signal.aborted) ticker = setInterval(() => look(tickLimit), tickMs);
  });

  return {
    ready,
    snapshot() {
      look(query.limit);
      const { timeline, analysis } = make(nodes);
      return { kind: 'snapshot', timeline, analysis };
    },
    close() {
      stopped.abort();
      unsubscribe();
      for (const following of followed.values()) following.abort();
      clearInterval(ticker);
    },
  };
}

function deltaOf({ timeline, analysis }: Stitched): TimelineChange {
  const { generatedAt, masterNodeId, runners, timeline: entries, unreachableNodes } = timeline;
  return { kind: 'delta', generatedAt, masterNodeId, runners, entries, unreachableNodes, analysis };
}

/** What changes when something happens, and not merely because time passes. */
function shapeOf({ timeline: { runners, unreachableNodes } }: Stitched): string {
  return JSON.stringify([
    runners.map((runner) => ({ ...runner, secondsInPhase: 0, lastMlxMemory: null })),
    unreachableNodes,
  ]);
}
