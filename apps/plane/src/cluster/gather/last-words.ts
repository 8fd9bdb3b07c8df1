import type { NodeDiagnostics } from '@rankscope/schema';
import type { GatheredNode } from '@rankscope/timeline';

/** What somebody kept of a node, with the newest `limit` entries of each runner; null when nobody did, or not in time. */
export type LastWords = (nodeId: string, limit: number, deadlineMs: number) => Promise<NodeDiagnostics | null>;

export interface WithLastWordsOptions {
  /** The node's own answer, on its way. */
  readonly asking: Promise<GatheredNode>;
  readonly nodeId: string;
  readonly limit: number;
  readonly lastWords: LastWords;
  /** Of the question to the node. */
  readonly deadlineMs: number;
}

/** Whoever has not answered by this share of the deadline is asked after elsewhere too. */
const doubtAt = 0.5;
/** What is not there so long after the deadline is left out: the whole question may take 200 ms more than its deadline. */
const graceMs = 100;

/**
 * A node that does not answer is given its last words. They are asked for while there is still hope, because a node
 * that is silent is known to be so only when the deadline has passed, and then there is no time left to ask anybody.
 */
export async function withLastWords(options: WithLastWordsOptions): Promise<GatheredNode> {
  const { asking, nodeId, limit, lastWords, deadlineMs } = options;
  const untilMs = performance.now() + deadlineMs + graceMs;
  let words: Promise<NodeDiagnostics | null> | null = null;
  const ask = () => {
    words ??= within(lastWords(nodeId, limit, Math.max(1, untilMs - performance.now())), untilMs);
    return words;
  };
  const doubt = setTimeout(ask, deadlineMs * doubtAt);
  try {
    const node = await asking;
    if (node.kind === 'ok') return node;
    const said = await ask();
    return said === null ? node : { ...node, lastWords: said };
  } finally {
    clearTimeout(doubt);
  }
}

/** Null when it takes too long, or goes wrong: a timeline without last words is still a timeline. */
async function within(asked: Promise<NodeDiagnostics | null>, untilMs: number): Promise<NodeDiagnostics | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((done) => {
    timer = setTimeout(() => done(null), Math.max(0, untilMs - performance.now()));
  });
  try {
    return await Promise.race([asked, late]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
