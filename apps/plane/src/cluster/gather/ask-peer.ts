import { fetchJson } from '@rankscope/client';
import { NodeDiagnostics } from '@rankscope/schema';
import type { GatheredNode } from '@rankscope/timeline';
import type { ClockBook } from './clock-book.ts';
import type { Peer } from './peer-book.ts';

/** A node with 64 ranks at 1,024 entries each answers some 25 MiB. */
export const maxAnswerBytes = 64 * 1024 * 1024;

export interface AskPeerOptions {
  readonly peer: Peer;
  readonly clocks: ClockBook;
  readonly limit: number;
  readonly deadlineMs: number;
  readonly token: string | null;
  readonly signal?: AbortSignal | undefined;
}

/** Asks one plane what its machine runs. Silence, HTML, too much and somebody else are answers here, not exceptions. */
export async function askPeer(options: AskPeerOptions): Promise<GatheredNode> {
  const { peer, clocks, limit, deadlineMs, token, signal } = options;
  const { nodeId, url, friendlyName } = peer;
  const unreachable = (error: string): GatheredNode => ({ kind: 'unreachable', nodeId, url, error, friendlyName });
  if (url === null) return unreachable('address not known');
  const question = clocks.ask();
  const asking = fetchJson({
    url: `${url}/v1/diagnostics/node?limit=${limit}`,
    schema: NodeDiagnostics,
    deadlineMs,
    maxBytes: maxAnswerBytes,
    signal,
    ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
  });
  question.sent();
  const answer = await asking;
  if (answer.kind === 'failed') return unreachable(answer.error);
  const { value: diagnostics, roundTripMs } = answer;
  const answeredAs = diagnostics.runtime.nodeId;
  if (peer.listed && answeredAs !== nodeId)
    return unreachable(
      `another node answers there (${answeredAs}), so this one is no longer where it last reported from`,
    );
  const clock = question.answered(diagnostics, roundTripMs);
  return { kind: 'ok', nodeId: answeredAs, url, diagnostics, roundTripMs, clock };
}
