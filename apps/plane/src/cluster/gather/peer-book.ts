import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** Which node was last met at an address, so that it keeps its name while it is silent. */
export interface PeerBook {
  /** In the order of the configuration. */
  readonly urls: readonly string[];
  /** The node's id when it has ever answered, else the address's `host:port`. */
  nameOf(url: string): string;
  /** Every url under which a node was met. */
  urlOf(nodeId: string): string | null;
  remember(url: string, nodeId: string): void;
}

const Stored = z.record(z.string(), z.string());

export function openPeerBook(path: string, peers: readonly string[]): PeerBook {
  const urls = [...new Set(peers.map((url) => url.replace(/\/+$/, '')))];
  const known = new Map(Object.entries(readStored(path)).filter(([url]) => urls.includes(url)));
  return {
    urls,
    nameOf: (url) => known.get(url) ?? URL.parse(url)?.host ?? url,
    urlOf: (nodeId) => [...known].find(([url, id]) => id === nodeId && urls.includes(url))?.[0] ?? null,
    remember(url, nodeId) {
      if (known.get(url) === nodeId) return;
      known.set(url, nodeId);
      writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(known)));
      renameSync(`${path}.new`, path);
    },
  };
}

function readStored(path: string): z.infer<typeof Stored> {
  try {
    return Stored.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // The first start, or a file cut short: names are learnt again with the next answers.
    return {};
  }
}
