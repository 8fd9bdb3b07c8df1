import type { ClusterTimelineEntry, EntryBatch } from '@rankscope/schema';
import { parseTimestampUs } from '@rankscope/schema';
import { expect } from 'vitest';
import type { EntryAnswer, EntryQuery } from '../entry-store.ts';
import { entriesOf } from '../stored-entries.contract.ts';

/** A store as one would first write it: a list, and every question a walk over all of it. */
export function createModel() {
  let kept: Held[] = [];
  const had = new Set<string>();

  return {
    rows: () => kept.length,
    /** The rows of a batch that were held already. */
    append(batch: EntryBatch): number {
      let doubles = 0;
      for (const [row, entry] of entriesOf(batch).entries()) {
        const instanceId = batch.sources[batch.columns.source[row] ?? 0]?.instanceId ?? '';
        const one = held(entry, instanceId);
        if (had.has(one.key)) doubles += 1;
        else kept.push(one);
        had.add(one.key);
      }
      return doubles;
    },
    /** Takes out what a drop took; which rows lie in one table is the store's affair, that they were there is not. */
    keepOnly(before: readonly ClusterTimelineEntry[], after: readonly ClusterTimelineEntry[]) {
      const left = new Set(after.map((entry) => JSON.stringify(entry)));
      const was = new Set(before.map((entry) => JSON.stringify(entry)));
      for (const one of left) expect(was).toContain(one);
      // Rows that nobody numbered are compared with what came, which a drop does not change.
      for (const { key, seq, text } of kept) if (seq >= 0 && !left.has(text)) had.delete(key);
      kept = kept.filter(({ text }) => left.has(text));
    },
    /** Nothing is known but what is held. */
    reopen() {
      had.clear();
      for (const { key } of kept) had.add(key);
    },
    compare(query: EntryQuery, answer: EntryAnswer) {
      const byRunner = Map.groupBy(
        kept.filter((one) => matches(one, query)),
        ({ entry }) => entry.runnerId,
      );
      const newest = [...byRunner.values()].map((all) => all.toSorted(newestFirst).slice(0, query.limitPerRunner));
      const expected = newest.flat();
      const found = entriesOf(answer.batch);
      expect(answer.truncated).toBe([...byRunner.values()].some((all) => all.length > query.limitPerRunner));
      // Of several that are equally new any may be cut off, so times and numbers are compared, and that each is held.
      const age = (entry: ClusterTimelineEntry) => `${entry.runnerId} ${parseTimestampUs(entry.at)} ${seqOf(entry)}`;
      expect(found.map(age).toSorted()).toEqual(expected.map(({ entry }) => age(entry)).toSorted());
      const texts = new Map(kept.map(({ text }) => [text, 0]));
      for (const entry of found) expect(texts.has(JSON.stringify(entry)), JSON.stringify(entry)).toBe(true);
      expect(new Set(found.map((entry) => JSON.stringify(entry))).size).toBe(found.length);
      expect(found.map(orderOf)).toEqual(found.map(orderOf).toSorted(compareOrder));
    },
  };
}

interface Held {
  readonly key: string;
  readonly text: string;
  readonly us: number;
  readonly seq: number;
  readonly instanceId: string;
  readonly entry: ClusterTimelineEntry;
}

function held(entry: ClusterTimelineEntry, instanceId: string): Held {
  const text = JSON.stringify(entry);
  const seq = seqOf(entry);
  const { runnerId, attrs } = entry;
  const key = seq < 0 ? text : JSON.stringify([runnerId, attrs.source ?? null, seq]);
  return { key, text, us: parseTimestampUs(entry.at), seq, instanceId, entry };
}

/** A number that is none, like 2.5, does not count. */
function seqOf({ attrs }: ClusterTimelineEntry): number {
  return typeof attrs.seq === 'number' && Number.isSafeInteger(attrs.seq) ? attrs.seq : -1;
}

function matches({ us, instanceId, entry }: Held, query: EntryQuery): boolean {
  return (
    us >= (query.sinceUs ?? 0) &&
    us <= (query.untilUs ?? Number.POSITIVE_INFINITY) &&
    (query.nodeId === null || entry.nodeId === query.nodeId) &&
    (query.instanceId === null || instanceId === query.instanceId) &&
    (query.runnerIds === null || query.runnerIds.includes(entry.runnerId)) &&
    (query.taskId === null || entry.taskId === query.taskId) &&
    (query.commandId === null || entry.commandId === query.commandId)
  );
}

function newestFirst(a: Held, b: Held): number {
  return b.us - a.us || b.seq - a.seq;
}

type Order = readonly [string, string, number, number];

function orderOf(entry: ClusterTimelineEntry): Order {
  return [entry.runnerId, String(entry.attrs.source ?? ''), seqOf(entry), parseTimestampUs(entry.at)];
}

function compareOrder(a: Order, b: Order): number {
  return compareText(a[0], b[0]) || compareText(a[1], b[1]) || a[2] - b[2] || a[3] - b[3];
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
