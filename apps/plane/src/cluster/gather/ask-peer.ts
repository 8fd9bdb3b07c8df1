import { fetchJson } from '@rankscope/client';
import { NodeDiagnostics } from '@rankscope/schema';
import type { GatheredNode } from '@rankscope/timeline';
import type { ClockBook } from './clock-book.ts';
import type { PeerBook } from './peer-book.ts';

/** A node with 64 ranks at 1,024 entries each answers some 25 MiB. */
export const maxAnswerBytes = 64 * 1024 * 1024;

export interface AskPeerOptions {
  readonly url: string;
  readonly book: PeerBook;
  readonly clocks: ClockBook;
  readonly limit: number;
  readonly deadlineMs: number;
  readonly token: string | null;
  readonly signal?: AbortSignal | undefined;
}

/** Asks one plane what its machine runs. Silence, HTML and too much are answers here, not exceptions. */
export async function askPeer(options: AskPeerOptions): Promise<GatheredNode> {
  const { url, book, clocks, limit, deadlineMs, token, signal } = options;
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
  if (answer.kind === 'failed') return { kind: 'unreachable', nodeId: book.nameOf(url), url, error: answer.error };
  const { value: diagnostics, roundTripMs } = answer;
  const { nodeId } = diagnostics.runtime;
  book.remember(url, nodeId);
  return { kind: 'ok', nodeId, url, diagnostics, roundTripMs, clock: question.answered(diagnostics, roundTripMs) };
}
