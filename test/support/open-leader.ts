import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock, createLog, readBootId } from '@rankscope/daemon';
import { createCluster } from '../../apps/plane/src/cluster/gather/gather.ts';
import { createLeaderWords } from '../../apps/plane/src/cluster/gather/leader-words.ts';
import { listedPeer } from '../../apps/plane/src/cluster/gather/peer-book.ts';
import { createTimelineFeed } from '../../apps/plane/src/cluster/gather/timeline-feed.ts';
import type { EntryStore } from '../../apps/plane/src/control/entries/entry-store.ts';
import { createMemoryEntryStore } from '../../apps/plane/src/control/entries/memory-entry-store.ts';
import { createLazyIntake } from '../../apps/plane/src/control/intake/lazy-intake.ts';
import { openTail } from '../../apps/plane/src/control/tail/open-tail.ts';
import { createStoredWords } from '../../apps/plane/src/control/tail/stored-words.ts';
import { createApp } from '../../apps/plane/src/http/app.ts';
import { listen } from '../../apps/plane/src/http/listen.ts';
import { openNodeEntries } from '../../apps/plane/src/node/expose/node-entries.ts';
import { openNodeView } from '../../apps/plane/src/node/expose/node-view.ts';
import { createMetrics } from '../../apps/plane/src/operations/metrics/metrics.ts';
import { noTracing } from '../../apps/plane/src/tracing/tracing.ts';

export interface LeaderOptions {
  /** The other nodes, by id. */
  readonly peers: ReadonlyMap<string, string>;
  readonly deadlineMs?: number;
  /** Kept by the caller, so that a leader can be opened again over it. */
  readonly store?: EntryStore;
  /** A plane that keeps nothing and asks this one for last words. */
  readonly joins?: { readonly nodeId: string; readonly url: string };
}

export type Leader = Awaited<ReturnType<typeof openLeader>>;

/**
 * A plane of real parts that leads a cluster of given peers, in this process: what a plane's flags cannot say as long as
 * a list of peers is a cluster without a leader.
 */
export async function openLeader({ peers, deadlineMs = 2_000, store, joins }: LeaderOptions) {
  const dataDir = mkdtempSync(join(tmpdir(), 'rankscope-leader-'));
  const runnersDir = join(dataDir, 'runners');
  mkdirSync(runnersDir);
  const nodeId = joins === undefined ? 'leader' : 'joined';
  const clock = createClock();
  const log = createLog({ level: 'error', wallNs: clock.wallNs });
  const bootId = readBootId();
  const who = { nodeId, hostname: 'here', friendlyName: nodeId, version: '1', bootId };
  const masterNodeId = joins?.nodeId ?? nodeId;
  const view = openNodeView({ ...who, masterNodeId: () => masterNodeId, clock, log, instance: () => null });
  const entries = openNodeEntries({ nodeId, bootId, runnersDir, clock, log, diagnose: () => view.diagnose(0) });
  let place = peers;
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const followed = { peers: () => [...place].map(([id, url]) => ({ nodeId: id, url })), subscribe };
  const book = {
    masterNodeId,
    peers: () => [...place].map(([id, url]) => listedPeer(id, url, null)),
    remember: () => undefined,
    subscribe,
  };
  const kept = store ?? createMemoryEntryStore();
  const tail =
    joins === undefined
      ? openTail({ nodeId, entries, peers: followed, store: kept, deadlineMs, token: null, clock, log })
      : null;
  const lastWords =
    tail === null
      ? createLeaderWords({ leader: () => joins ?? null, token: null, nowMs: () => performance.now() })
      : createStoredWords(kept, tail);
  const nowMs = () => performance.now();
  const cluster = createCluster({
    ...{
      localNodeId: nodeId,
      book,
      deadlineMs,
      token: null,
      diagnose: view.diagnose,
      lastWords,
      nowMs,
      wallNs: clock.wallNs,
    },
  });
  const feed = createTimelineFeed({ cluster, wallNs: clock.wallNs });
  const ctx = {
    ...{
      nodeId,
      injectAllowed: false,
      nodeDeadlineMs: deadlineMs,
      taskDeadlineMs: deadlineMs,
      planeToken: null,
      clock,
    },
    ...{ newId: () => nodeId, newSeed: () => 1, view, entries, cluster, feed },
    ...{ wantsModel: false, serving: () => null, whyNotServing: () => 'it only watches' },
    ...{ incarnation: nodeId, membership: { role: 'peers' as const }, takesJoins: false },
    tracing: noTracing,
    intake: createLazyIntake({
      wallNs: clock.wallNs,
      log,
      knowsRunner: () => false,
      expectsNode: () => false,
      onBatch: null,
    }),
    metrics: createMetrics({ nodeId, sources: [], log }),
    keeping: tail && { store: kept, tail },
  };
  const app = createApp({
    ctx,
    log,
    tokens: { token: null, joinToken: null, readToken: null },
    webDir: join(dataDir, 'none'),
    url: () => '',
  });
  const listened = await listen(app, { host: '127.0.0.1', port: 0 });
  if (listened.kind === 'refused') throw new Error(listened.reason);
  const { url, close: closeDoor } = listened.door;

  return {
    nodeId,
    url,
    store: kept,
    /** What is known of following each node. */
    tailed: (id: string) => tail?.nodes().find((node) => node.nodeId === id),
    /** The nodes are somewhere else now. */
    movePeers(now: ReadonlyMap<string, string>) {
      place = now;
      for (const listener of listeners) listener();
    },
    async close() {
      feed.close();
      await tail?.close();
      entries.close();
      await closeDoor();
      view.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
