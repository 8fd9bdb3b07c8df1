import { fetchJson } from '@rankscope/client';
import { NodeDiagnostics } from '@rankscope/schema';
import { maxAnswerBytes } from './ask-peer.ts';
import type { LastWords } from './last-words.ts';

export interface LeaderWordsOptions {
  /** Who keeps the cluster's entries; null while nobody is known to. */
  readonly leader: () => { readonly nodeId: string; readonly url: string } | null;
  readonly token: string | null;
  readonly nowMs: () => number;
}

/** A live view looks once a second; what a silent node last said does not change while it is silent. */
const keptMs = 2_000;
/** Nodes, with the few limits in which they are asked for. */
const maxKept = 64;

/** What the leading plane kept of a node, for the planes that keep nothing themselves. */
export function createLeaderWords({ leader, token, nowMs }: LeaderWordsOptions): LastWords {
  const kept = new Map<string, { readonly words: Promise<NodeDiagnostics | null>; readonly untilMs: number }>();

  const ask: LastWords = async (nodeId, limit, deadlineMs) => {
    const asked = leader();
    if (asked === null || asked.nodeId === nodeId) return null;
    const answer = await fetchJson({
      url: `${asked.url}/v1/diagnostics/cluster/${encodeURIComponent(nodeId)}/last-words?limit=${limit}`,
      schema: NodeDiagnostics,
      deadlineMs,
      maxBytes: maxAnswerBytes,
      ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
    });
    return answer.kind === 'ok' ? answer.value : null;
  };
  return (nodeId, limit, deadlineMs) => {
    const key = `${nodeId} ${limit}`;
    const known = kept.get(key);
    if (known !== undefined && known.untilMs > nowMs()) return known.words;
    const words = ask(nodeId, limit, deadlineMs);
    kept.delete(key);
    kept.set(key, { words, untilMs: nowMs() + keptMs });
    const [oldest] = kept.keys();
    if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
    return words;
  };
}
