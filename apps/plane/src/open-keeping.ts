import type { Clock, Log } from '@rankscope/daemon';
import type { Cluster } from './cluster/gather/gather.ts';
import type { LastWords } from './cluster/gather/last-words.ts';
import { createLeaderWords } from './cluster/gather/leader-words.ts';
import type { Config } from './config.ts';
import { createMemoryEntryStore } from './control/entries/memory-entry-store.ts';
import { openEntryStore } from './control/entries/open-entry-store.ts';
import type { Keeping } from './control/keeping.ts';
import { openTail, type TailedPeers } from './control/tail/open-tail.ts';
import { createStoredWords } from './control/tail/stored-words.ts';
import type { NodeEntries } from './node/expose/node-entries.ts';

export interface OpenKeepingOptions {
  readonly config: Pick<Config, 'nodeDeadlineMs' | 'dataDir' | 'entryStore' | 'retention'>;
  /** What planes show each other. */
  readonly token: string | null;
  readonly cluster: Cluster;
  readonly entries: NodeEntries;
  readonly log: Log;
  readonly clock: Clock;
}

export interface OpenedKeeping {
  /** Null on a plane that does not lead. */
  readonly keeping: Keeping | null;
  readonly lastWords: LastWords;
  close(): Promise<void>;
}

/** The leading plane keeps what every node recorded; any other asks it for what it kept. */
export function openKeeping({ config, token, cluster, entries, clock, log }: OpenKeepingOptions): OpenedKeeping {
  const { nodeDeadlineMs: deadlineMs } = config;
  const nodeId = cluster.localNodeId;
  if (cluster.masterNodeId !== nodeId) {
    const lastWords = createLeaderWords({ leader: () => leaderOf(cluster), token, nowMs: () => performance.now() });
    return { keeping: null, lastWords, close: () => Promise.resolve() };
  }
  const { entryStore: kind, dataDir, retention } = config;
  const { wallNs } = clock;
  const store = openEntryStore({ kind, dataDir, retention, wallNs, log, openInMemory: createMemoryEntryStore });
  const tail = openTail({ nodeId, entries, peers: peersOf(cluster), store, deadlineMs, token, clock, log });
  return {
    keeping: { store, tail },
    lastWords: createStoredWords(store, tail),
    async close() {
      await tail.close();
      await store.close();
    },
  };
}

function leaderOf(cluster: Cluster): { nodeId: string; url: string } | null {
  const { masterNodeId } = cluster;
  const url = cluster.peers().find(({ nodeId }) => nodeId === masterNodeId)?.url ?? null;
  return masterNodeId === null || url === null ? null : { nodeId: masterNodeId, url };
}

/** The nodes of the leader's list that somebody knows an address of. */
function peersOf(cluster: Cluster): TailedPeers {
  return {
    peers: () => cluster.peers().flatMap(({ nodeId, url }) => (url === null ? [] : [{ nodeId, url }])),
    subscribe: cluster.subscribe,
  };
}
