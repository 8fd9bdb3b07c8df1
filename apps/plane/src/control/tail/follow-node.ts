import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Log } from '@rankscope/daemon';
import type { EntryBatch, NodeDiagnostics, NodeEntriesHead, TailedNode } from '@rankscope/schema';
import { type EntryStore, StoreFullError } from '../entries/entry-store.ts';
import { findAnswerFault } from './check-answer.ts';
import { EntryAges } from './entry-ages.ts';
import { planPauseMs, type TailOutcome } from './plan-pause.ts';
import type { RunnerOwners } from './runner-owners.ts';
import type { TailAnswer, TailSource } from './tail-source.ts';

export interface FollowNodeOptions {
  readonly nodeId: string;
  readonly url: string | null;
  readonly source: TailSource;
  readonly store: EntryStore;
  readonly owners: RunnerOwners;
  readonly clock: Clock;
  readonly log: Log;
}

export interface FollowedNode {
  facts(): TailedNode;
  readonly answers: number;
  readonly url: string | null;
  /** The node is somewhere else now: whatever is being waited for is given up, and it is asked there at once. */
  moveTo(url: string | null, source: TailSource): void;
  /** It has more than was read yet, or may have: what is kept of it has a gap before its newest entries. */
  readonly isBehind: boolean;
  /** What lies behind what was kept; null when the node does not say, or not what can be believed. */
  unread(signal: AbortSignal): Promise<EntryBatch | null>;
  /** Settles when what was read is kept. */
  close(): Promise<void>;
}

/** A question is held open so long by a node that has nothing to tell. */
const waitMs = 2_000;
/** An idle node's words are written so often: nothing in them changes but how long it has been idle. */
const idleWordsMs = 5_000;
/** Rows of one question: half a second of sixteen ranks at their fastest, and 2 MB. */
const limit = 16_384;

/** Follows one node: asks, keeps, waits, over and over. One answer is held in memory at a time. */
export function followNode(options: FollowNodeOptions): FollowedNode {
  const { nodeId, store, owners, clock, log } = options;
  const monoMs = () => Number(clock.monoNs() / 1_000n) / 1_000;
  const ages = new EntryAges(monoMs);
  const stopped = new AbortController();
  const facts = {
    nodeId,
    url: options.url,
    state: 'starting' as TailedNode['state'],
    error: null as string | null,
    entries: 0,
    dropped: 0,
    refused: 0,
    storeFull: 0,
    rewound: 0,
    answers: 0,
  };
  let { source } = options;
  let asking = new AbortController();
  /** Null: not yet read from the store. */
  let cursor: string | null = null;
  let failures = 0;

  const become = (state: TailedNode['state'], error: string | null) => {
    if (facts.state !== state && state !== 'following') log.warn('a node is not followed', { nodeId, state, error });
    if (facts.state !== state && state === 'following') log.info('a node is followed', { nodeId });
    facts.state = state;
    facts.error = error;
  };
  const fail = (error: string): TailOutcome => {
    failures += 1;
    become('silent', error);
    return { kind: 'failed', times: failures };
  };
  const refuse = (error: string): TailOutcome => {
    facts.refused += 1;
    become('refused', error);
    return { kind: 'refused' };
  };
  let more = true;
  let wroteMs = -Infinity;
  const keep = async (answer: TailAnswer, startedMs: number): Promise<TailOutcome> => {
    const { head, batch } = answer;
    if (batch.rows > 0 || head.cursor !== cursor || startedMs - wroteMs > idleWordsMs) {
      await store.append({ nodeId, batch, cursor: head.cursor, diagnostics: wordsOf(head) });
      wroteMs = monoMs();
      facts.answers += 1;
    }
    cursor = head.cursor;
    more = head.more;
    failures = 0;
    owners.learn(
      [...batch.sources, ...head.runners].map(({ runnerId }) => runnerId),
      nodeId,
    );
    ages.add(batch, Number(clock.wallNs() / 1_000n));
    facts.entries += batch.rows;
    facts.dropped += head.dropped.reduce((sum, { count }) => sum + count, 0);
    become('following', null);
    return { kind: 'kept', rows: batch.rows, more: head.more, tookMs: monoMs() - startedMs };
  };
  const step = async (signal: AbortSignal): Promise<TailOutcome> => {
    const startedMs = monoMs();
    cursor ??= await store.cursorOf(nodeId);
    const asked = await source({ after: cursor, waitMs, limit }, signal);
    if (asked.kind !== 'ok' && signal.aborted) return { kind: 'moved' };
    if (asked.kind === 'failed') return fail(asked.error);
    if (asked.kind === 'cursor refused') {
      // The store drops what it has already.
      cursor = '';
      facts.rewound += 1;
      return fail(asked.error);
    }
    const fault = findAnswerFault(asked, nodeId, owners.ownerOf);
    return fault === null ? keep(asked, startedMs) : refuse(fault);
  };
  /** One beat; whatever goes wrong in it is an outcome, and the next beat goes on from the same cursor. */
  const beat = async (signal: AbortSignal): Promise<TailOutcome> => {
    try {
      return await step(signal);
    } catch (error) {
      if (!(error instanceof StoreFullError)) return fail(error instanceof Error ? error.message : String(error));
      facts.storeFull += 1;
      become('store full', error.message);
      return { kind: 'store full' };
    }
  };
  const follow = async () => {
    while (!stopped.signal.aborted) {
      asking = new AbortController();
      const signal = AbortSignal.any([asking.signal, stopped.signal]);
      const outcome = await beat(signal);
      await sleep(planPauseMs(outcome), undefined, { signal }).catch(() => undefined);
    }
  };
  const following = follow();

  return {
    facts: () => ({ ...facts, ageMs: ages.summary() }),
    get answers() {
      return facts.answers;
    },
    get url() {
      return facts.url;
    },
    get isBehind() {
      return facts.state === 'starting' || facts.state === 'store full' || (facts.state === 'following' && more);
    },
    moveTo(url, elsewhere) {
      facts.url = url;
      source = elsewhere;
      failures = 0;
      asking.abort();
    },
    async unread(signal) {
      // A node that is silent or refused is named as such; waiting for it here too would only cost time.
      if (cursor === null || facts.state !== 'following') return null;
      const asked = await source({ after: cursor, waitMs: 0, limit }, signal).catch(() => null);
      if (asked?.kind !== 'ok') return null;
      return findAnswerFault(asked, nodeId, owners.ownerOf) === null ? asked.batch : null;
    },
    async close() {
      stopped.abort();
      await following;
    },
  };
}

/** What the node says of itself, as others hear it, without entries and without what nobody needs of a node that is gone. */
function wordsOf({ generatedAt, runtime, runners }: NodeEntriesHead): NodeDiagnostics {
  return {
    generatedAt,
    runtime,
    identity: null,
    resources: { currentMemory: null },
    processes: [],
    supervisorRunners: runners,
    warnings: [],
  };
}
