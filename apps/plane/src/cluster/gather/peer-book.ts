import { z } from 'zod';
import { openKeptFile } from '../kept-file.ts';

/** Another node that is expected to answer. */
export interface Peer {
  /** The same as long as it is the same node at the same place. */
  readonly key: string;
  /** Its id; of an address that was configured and has not answered yet, `host:port`. */
  readonly nodeId: string;
  /** Where it is asked; null where nobody knows at present. */
  readonly url: string | null;
  readonly friendlyName: string | null;
  /** The leader's list says that this node is there: whoever answers under another id is not it. */
  readonly listed: boolean;
}

/** Who belongs to the cluster, as this plane knows it at this moment. */
export interface PeerBook {
  /** The plane that leads; null where none does or none is known yet. */
  readonly masterNodeId: string | null;
  /** Everybody but this plane. */
  peers(): readonly Peer[];
  /** Which node was met at an address, so that it keeps its name while it is silent. */
  remember(url: string, nodeId: string): void;
  /** Calls the listener after every change of `peers()`; returns what ends that. */
  subscribe(listener: () => void): () => void;
}

export function listedPeer(nodeId: string, url: string | null, friendlyName: string | null): Peer {
  return { key: `${nodeId} ${url}`, nodeId, url, friendlyName, listed: true };
}

/** An address that nobody has answered at yet, so that it is all the name there is. */
export function addressPeer(url: string, nodeId?: string): Peer {
  return { key: url, nodeId: nodeId ?? URL.parse(url)?.host ?? url, url, friendlyName: null, listed: false };
}

const Names = z.record(z.string(), z.string());

export interface ConfiguredPeersOptions {
  readonly path: string;
  readonly urls: readonly string[];
  readonly onTrouble: (sentence: string) => void;
}

/** A cluster without a leader: the addresses of the configuration, and who was met there. */
export function openConfiguredPeers({ path, urls, onTrouble }: ConfiguredPeersOptions): PeerBook {
  const given = [...new Set(urls)];
  const file = openKeptFile({ path, schema: Names, onTrouble });
  const known = new Map(Object.entries(file.read() ?? {}).filter(([url]) => given.includes(url)));
  return {
    masterNodeId: null,
    peers: () => given.map((url) => addressPeer(url, known.get(url))),
    remember(url, nodeId) {
      if (known.get(url) === nodeId) return;
      known.set(url, nodeId);
      file.write(Object.fromEntries(known));
    },
    subscribe: () => () => undefined,
  };
}
