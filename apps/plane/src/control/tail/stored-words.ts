import type { NodeDiagnostics } from '@rankscope/schema';
import type { EntryStore } from '../entries/entry-store.ts';
import type { Tail } from './open-tail.ts';

/** Answers that are remembered; a live view and a question or two look at the same few silent nodes. */
const maxRemembered = 32;

/**
 * What this plane's store kept of a node. A live view asks once a second and the answer may be thousands of entries, so
 * it is remembered until the node has said something new.
 */
export function createStoredWords(store: EntryStore, tail: Pick<Tail, 'answersOf'>) {
  const remembered = new Map<string, { readonly answers: number; readonly words: Promise<NodeDiagnostics | null> }>();

  return (nodeId: string, limit: number): Promise<NodeDiagnostics | null> => {
    const key = `${nodeId} ${limit}`;
    const answers = tail.answersOf(nodeId);
    const known = remembered.get(key);
    if (known !== undefined && known.answers === answers) return known.words;
    const words = store.lastWords(nodeId, limit);
    remembered.delete(key);
    remembered.set(key, { answers, words });
    // What failed is asked for again.
    words.catch(() => remembered.delete(key));
    const [oldest] = remembered.keys();
    if (remembered.size > maxRemembered && oldest !== undefined) remembered.delete(oldest);
    return words;
  };
}
