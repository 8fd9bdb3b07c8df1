import type { EntryQuery } from '../entry-store.ts';
import type { Book } from './book.ts';
import type { QueryDesk } from './query-desk.ts';
import { emptyAnswer, type PackedAnswer, runQuery } from './run-query.ts';
import type { FromStore, ToStore } from './store-messages.ts';

/** What is asked of an open store. */
export type Question = Extract<ToStore, { readonly type: 'query' | 'cursorOf' | 'lastWords' }>;

export async function answerQuestion(question: Question, book: Book, desk: QueryDesk): Promise<FromStore> {
  const { id } = question;
  if (question.type === 'query') return { type: 'answered', id, answer: await ask(question.query, book, desk) };
  const heard = book.heard.get(question.nodeId);
  if (question.type === 'cursorOf') return { type: 'cursor', id, cursor: heard?.cursor ?? '' };
  const diagnostics = heard?.diagnostics ?? null;
  const { nodeId, limit } = question;
  const isBare = diagnostics === null || limit <= 0;
  const answer = isBare ? emptyAnswer : await ask(newestOf(nodeId, limit), book, desk);
  return { type: 'words', id, diagnostics, answer };
}

function ask(query: EntryQuery, book: Book, desk: QueryDesk): Promise<PackedAnswer> {
  return desk.ask((reader, check) => runQuery(reader, book.committed, { query, check }));
}

function newestOf(nodeId: string, limit: number): EntryQuery {
  return {
    sinceUs: null,
    untilUs: null,
    nodeId,
    instanceId: null,
    runnerIds: null,
    taskId: null,
    commandId: null,
    limitPerRunner: limit,
  };
}
