import { fetchJson } from '@rankscope/client';
import { NodeDiagnostics } from '@rankscope/schema';
import type { GatheredNode } from '@rankscope/timeline';
import type { PeerBook } from './peer-book.ts';

/** A node with 64 ranks at 1,024 entries each answers some 25 MiB. */
export const maxAnswerBytes = 64 * 1024 * 1024;

export interface AskPeerOptions {
  readonly url: string;
  readonly book: PeerBook;
  readonly limit: number;
  readonly deadlineMs: number;
  readonly token: string | null;
  readonly signal?: AbortSignal | undefined;
}

/** Asks one plane what its machine runs. Silence, HTML and too much are answers here, not exceptions. */
export async function askPeer(options: AskPeerOptions): Promise<GatheredNode> {
  const { url, book, limit, deadlineMs, token, signal } = options;
  const answer = await fetchJson({
    url: `${url}/v1/diagnostics/node?limit=${limit}`,
    schema: NodeDiagnostics,
    deadlineMs,
    maxBytes: maxAnswerBytes,
    signal,
    ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
  });
  if (answer.kind === 'failed') return { kind: 'unreachable', nodeId: book.nameOf(url), url, error: answer.error };
  const { nodeId } = answer.value.runtime;
  book.remember(url, nodeId);
  return { kind: 'ok', nodeId, url, diagnostics: answer.value, roundTripMs: answer.roundTripMs };
}
