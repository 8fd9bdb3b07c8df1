import { fetchJson } from '@rankscope/client';
import type { Clock, Log } from '@rankscope/daemon';
import { incarnationHeader, NodeId } from '@rankscope/schema';
import { z } from 'zod';
import { openConfiguredPeers, type PeerBook } from './cluster/gather/peer-book.ts';
import { openJoinedCluster } from './cluster/join/joined-cluster.ts';
import { KeptCluster, openJoinedPeers } from './cluster/join/joined-peers.ts';
import { openKeptFile } from './cluster/kept-file.ts';
import type { Config } from './config.ts';
import { KeptMembers } from './control/members/kept-members.ts';
import { openMembers } from './control/members/members.ts';
import type { Met } from './control/members/plan-report.ts';
import type { DataDirectory } from './data-directory.ts';
import { isLoopback, isWildcard } from './is-loopback.ts';
import type { Membership } from './membership.ts';

export interface OpenMembershipOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly directory: DataDirectory;
  readonly incarnation: string;
  readonly bootId: string;
  readonly version: string;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** How joining went at first, for the person who started the plane. */
  readonly onFirst: (sentence: string) => void;
}

export interface OpenedMembership {
  readonly membership: Membership;
  readonly book: PeerBook;
  /** With the first request that can be served: from now on planes may come, or this one goes to its leader. */
  start(door: { readonly url: string; readonly port: number }): void;
  close(): void | Promise<void>;
}

/** Decides by the configuration what this plane is to its cluster, and opens that. */
export function openMembership(options: OpenMembershipOptions): OpenedMembership {
  const { config } = options;
  if (config.join !== null) return openJoined(options, config.join);
  return config.peers.length > 0 ? openPeers(options) : openLeader(options);
}

/** Showing who we are to another plane, and asking who it is, takes a moment; longer only where nobody is. */
const askDeadlineMs = 1_000;
const maxIdBytes = 1024;

function openLeader(options: OpenMembershipOptions): OpenedMembership {
  const { config, log, clock, directory, incarnation } = options;
  const members = openMembers({
    nodeId: directory.nodeId,
    incarnation,
    friendlyName: config.nodeName,
    file: openKeptFile({ path: directory.membersPath, schema: KeptMembers, onTrouble: log.warn }),
    nowMs: millisecondsOf(clock),
    log,
    ask: (url) => askWho(url, planeTokenOf(config)),
  });
  return {
    membership: { role: 'leader', members },
    book: members,
    start: (door) => members.start({ url: advertisedUrl(config, door.url) }),
    close: members.close,
  };
}

function openJoined(options: OpenMembershipOptions, joinUrl: string): OpenedMembership {
  const { config, log, clock, directory, incarnation, bootId, version, random, onFirst } = options;
  const peers = openJoinedPeers({
    localNodeId: directory.nodeId,
    joinUrl,
    file: openKeptFile({ path: directory.clusterPath, schema: KeptCluster, onTrouble: log.warn }),
  });
  const joined = openJoinedCluster({
    joinUrl,
    peers,
    own: { nodeId: NodeId.parse(directory.nodeId), incarnation, bootId, friendlyName: config.nodeName, version },
    token: planeTokenOf(config),
    nowMs: millisecondsOf(clock),
    random,
    log,
    onFirst,
  });
  return {
    membership: { role: 'joined', joined },
    book: peers,
    start({ url, port }) {
      const advertised = advertisedUrl(config, url);
      if (advertised === null && isLoopback(URL.parse(joinUrl)?.hostname ?? ''))
        log.warn(
          'this plane joins over loopback, so planes of other machines are told a loopback address of it: name the leader by an address of the network, or set RANKSCOPE_PUBLIC_URL',
        );
      joined.start({ url: advertised, port });
    },
    close: joined.close,
  };
}

function openPeers({ config, log, directory }: OpenMembershipOptions): OpenedMembership {
  const book = openConfiguredPeers({ path: directory.peersPath, urls: config.peers, onTrouble: log.warn });
  return { membership: { role: 'peers' }, book, start: () => undefined, close: () => undefined };
}

/** What planes show each other; operators' clusters on one machine may do with one token. */
export function planeTokenOf({ joinToken, token }: Config): string | null {
  return joinToken ?? token;
}

/** A plane that others can reach takes nodes only from those who know its join token. */
export function takesJoins({ joinToken, host, publicUrl }: Config): boolean {
  const publicHost = publicUrl === null ? host : (URL.parse(publicUrl)?.hostname ?? '');
  return joinToken !== null || (isLoopback(host) && isLoopback(publicHost));
}

function advertisedUrl({ publicUrl, host }: Config, ownUrl: string): string | null {
  return publicUrl ?? (isWildcard(host) ? null : ownUrl);
}

function millisecondsOf(clock: Clock): () => number {
  return () => Number(clock.wallNs() / 1_000_000n);
}

async function askWho(url: string, token: string | null): Promise<Met | null> {
  const answer = await fetchJson({
    url: `${url}/node_id`,
    schema: z.string(),
    deadlineMs: askDeadlineMs,
    maxBytes: maxIdBytes,
    ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
  });
  if (answer.kind === 'failed') return null;
  return { nodeId: answer.value, incarnation: answer.headers.get(incarnationHeader) };
}
