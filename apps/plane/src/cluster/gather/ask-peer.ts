import { fetchJson } from '@rankscope/client';
import { NodeDiagnostics } from '@rankscope/schema';
import type { GatheredNode } from '@rankscope/timeline';
import type { Peer } from './peer-book.ts';

/** A node with 64 ranks at 1,024 entries each answers some 25 MiB. */
export const maxAnswerBytes = 64 * 1024 * 1024;

export interface AskPeerOptions {
  readonly peer: Peer;
  readonly limit: number;
  readonly deadlineMs: number;
  readonly token: string | null;
  readonly signal?: AbortSignal | undefined;
}

/** Asks one plane what its machine runs. Silence, HTML, too much and somebody else are answers here, not exceptions. */
export async function askPeer(options: AskPeerOptions): Promise<GatheredNode> {
  const { peer, limit, deadlineMs, token, signal } = options;
  const { nodeId, url, friendlyName } = peer;
  const unreachable = (error: string): GatheredNode => ({ kind: 'unreachable', nodeId, url, error, friendlyName });
  if (url === null) return unreachable('address not known');
  const answer = await fetchJson({
    url: `${url}/v1/diagnostics/node?limit=${limit}`,
    schema: NodeDiagnostics,
    deadlineMs,
    maxBytes: maxAnswerBytes,
    signal,
    ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
  });
  if (answer.kind === 'failed') return unreachable(answer.error);
  const answeredAs = answer.value.runtime.nodeId;
  if (peer.listed && answeredAs !== nodeId)
    return unreachable(
      `another node answers there (${answeredAs}), so this one is no longer where it last reported from`,
    );
  return { kind: 'ok', nodeId: answeredAs, url, diagnostics: answer.value, roundTripMs: answer.roundTripMs };
}
