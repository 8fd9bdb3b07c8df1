import { fetchEntries } from '@rankscope/client';
import { type EntryBatch, NodeEntriesHead, type NodeEntriesQuery, ProblemError } from '@rankscope/schema';
import type { NodeEntries } from '../../node/expose/node-entries.ts';

export interface TailAnswer {
  readonly kind: 'ok';
  readonly head: NodeEntriesHead;
  readonly batch: EntryBatch;
}

export type TailAsked =
  | TailAnswer
  | { readonly kind: 'failed'; readonly error: string }
  /** The node does not know its own cursor, because it is of another version or another machine by now. */
  | { readonly kind: 'cursor refused'; readonly error: string };

/** Where a node's entries are asked for: in this process, or over HTTP. */
export type TailSource = (query: NodeEntriesQuery, signal: AbortSignal) => Promise<TailAsked>;

/** The rows of one question are some 2 MB; the texts of a strange runtime may be many times that. */
const maxAnswerBytes = 64 * 1024 * 1024;

/** This plane's own node, without a detour over bytes. */
export function ownSource(entries: NodeEntries): TailSource {
  return async (query, signal) => {
    try {
      return { kind: 'ok', ...(await entries.read(query, signal)) };
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return refusal(error.code, error.message, query.after);
    }
  };
}

export interface PeerSourceOptions {
  readonly url: string;
  /** For the answer, on top of what the question may be held open. */
  readonly deadlineMs: number;
  readonly token: string | null;
}

export function peerSource({ url, deadlineMs, token }: PeerSourceOptions): TailSource {
  return async ({ after, waitMs, limit }, signal) => {
    const query = new URLSearchParams({ after, waitMs: String(waitMs), limit: String(limit) });
    const answer = await fetchEntries({
      url: `${url}/v1/diagnostics/node/entries?${query.toString()}`,
      meta: NodeEntriesHead,
      deadlineMs: deadlineMs + waitMs,
      maxBytes: maxAnswerBytes,
      signal,
      ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
    });
    if (answer.kind === 'ok') return { kind: 'ok', head: answer.value.meta, batch: answer.value.batch };
    return refusal(answer.problem?.error.code, answer.error, after);
  };
}

/** Of the three things that are asked with, only the cursor is not our own. */
function refusal(code: string | undefined, error: string, after: string): TailAsked {
  return { kind: code === 'bad_query' && after !== '' ? 'cursor refused' : 'failed', error };
}
