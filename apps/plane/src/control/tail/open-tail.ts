import type { Clock, Log } from '@rankscope/daemon';
import type { EntryBatch, TailedNode } from '@rankscope/schema';
import type { NodeEntries } from '../../node/expose/node-entries.ts';
import type { EntryStore } from '../entries/entry-store.ts';
import { type FollowedNode, followNode } from './follow-node.ts';
import { createRunnerOwners } from './runner-owners.ts';
import { ownSource, peerSource } from './tail-source.ts';

/** The other nodes of the cluster, as they come and go. */
export interface TailedPeers {
  peers(): readonly { readonly nodeId: string; readonly url: string }[];
  /** Calls back after every change; returns what ends that. */
  subscribe(onChange: () => void): () => void;
}

/** Follows every node's recorders into the store. What the leading plane does, and no other. */
export interface Tail {
  nodes(): readonly TailedNode[];
  /** Some node that is followed has told of this runner. */
  hasRunner(runnerId: string): boolean;
  /** Grows with everything that a node says; −1 for one that is not followed. */
  answersOf(nodeId: string): number;
  /** What is kept of some node has a gap before its newest entries, because there was more than could be read yet. */
  isBehind(): boolean;
  /** What the nodes have recorded since they were last read: what the store does not have yet. Kept by nobody. */
  unread(deadlineMs: number): Promise<EntryBatch[]>;
  close(): Promise<void>;
}

export interface OpenTailOptions {
  readonly nodeId: string;
  readonly entries: NodeEntries;
  readonly peers: TailedPeers;
  readonly store: EntryStore;
  readonly deadlineMs: number;
  readonly token: string | null;
  readonly clock: Clock;
  readonly log: Log;
}

export function openTail(options: OpenTailOptions): Tail {
  const { nodeId: ownId, entries, peers, store, deadlineMs, token, clock, log } = options;
  const owners = createRunnerOwners();
  const followed = new Map<string, FollowedNode>();
  const leaving = new Set<Promise<void>>();
  const follow = (nodeId: string, url: string | null) => {
    const source = url === null ? ownSource(entries) : peerSource({ url, deadlineMs, token });
    const known = followed.get(nodeId);
    if (known === undefined) followed.set(nodeId, followNode({ nodeId, url, source, store, owners, clock, log }));
    else if (known.url !== url) known.moveTo(url, source);
  };
  const leave = (nodeId: string, node: FollowedNode) => {
    followed.delete(nodeId);
    const left = node.close();
    leaving.add(left);
    void left.then(() => leaving.delete(left));
  };
  const lookAround = () => {
    const expected = new Map(peers.peers().map(({ nodeId, url }) => [nodeId, url]));
    expected.delete(ownId);
    for (const [nodeId, node] of followed) if (nodeId !== ownId && !expected.has(nodeId)) leave(nodeId, node);
    for (const [nodeId, url] of expected) follow(nodeId, url);
  };
  follow(ownId, null);
  lookAround();
  const unsubscribe = peers.subscribe(lookAround);

  return {
    nodes: () => [...followed.values()].map((node) => node.facts()),
    hasRunner: (runnerId) => owners.ownerOf(runnerId) !== undefined,
    answersOf: (nodeId) => followed.get(nodeId)?.answers ?? -1,
    isBehind: () => [...followed.values()].some((node) => node.isBehind),
    async unread(deadlineMs) {
      const late = AbortSignal.timeout(deadlineMs);
      const asked = [...followed.values()].map((node) => node.unread(late));
      return (await Promise.all(asked)).filter((batch) => batch !== null);
    },
    async close() {
      unsubscribe();
      for (const [nodeId, node] of followed) leave(nodeId, node);
      await Promise.all(leaving);
    },
  };
}
