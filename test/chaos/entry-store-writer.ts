/**
 * entry-store-writer FILE steady|hours|exit: tails made-up nodes into a store as fast as it takes them, until it is
 * killed, and says what is on disk. `hours`: the clock runs so fast that tables begin, end and are dropped all the time.
 * `exit`: it asks, too, and ends by itself in the middle of it all, with exit code 7.
 */
import { createLog } from '@rankscope/daemon';
import { openDuckDbEntryStore } from '../../apps/plane/src/control/entries/duckdb-entry-store.ts';
import {
  batchOf,
  beginUs,
  everything,
  recorder,
  type StoredEntry,
  tailed,
  wordsOf,
} from '../../apps/plane/src/control/entries/stored-entries.contract.ts';

const [path, pace] = process.argv.slice(2);
if (path === undefined || pace === undefined) throw new Error('usage: entry-store-writer FILE steady|hours|exit');
const hourMs = 3_600_000;
const nodes = ['node-0', 'node-1', 'node-2'];
/** An answer that got lost: the node sends again what is held already. */
const overlap = 7;
const mostRows = 3_000;

/** With `hours` so many rows are an hour, also over the deaths of this program. */
const rowsPerHour = 4_000;
const ends = new Map<string, number>();
const beginMs = beginUs / 1_000;
const rowsSoFar = () => [...ends.values()].reduce((sum, end) => sum + end, 0);
const nowMs = () => Math.floor(beginMs + (pace === 'hours' ? (rowsSoFar() / rowsPerHour) * hourMs : 0));
const wallNs = () => BigInt(nowMs()) * 1_000_000n;
const store = openDuckDbEntryStore({
  path,
  retention: { bytes: 2 ** 31, ms: pace === 'hours' ? 6 * hourMs : 365 * 24 * hourMs },
  wallNs,
  log: createLog({ level: 'warn', wallNs }),
});

async function tail(nodeId: string): Promise<never> {
  let next = Number(await store.cursorOf(nodeId));
  ends.set(nodeId, next);
  const runnerIds = [`${nodeId}-a`, `${nodeId}-b`];
  while (true) {
    const from = Math.max(0, next - overlap);
    next += 1 + Math.floor(Math.random() * mostRows);
    const entries: StoredEntry[] = Array.from({ length: next - from }, (_, i) => ({ seq: from + i, us: from + i }));
    const diagnostics = wordsOf(nodeId, runnerIds, String(next));
    const batch = batchOf(...runnerIds.map((id) => [recorder(id, { nodeId }), entries] as const));
    await store.append(tailed(batch, { nodeId, cursor: String(next), diagnostics }));
    process.stdout.write(`${nodeId} ${next}\n`);
    ends.set(nodeId, next);
  }
}

async function askOn(): Promise<never> {
  while (true) await store.query({ ...everything, limitPerRunner: 1_000 });
}

async function endSoon(): Promise<void> {
  await store.facts();
  setTimeout(() => process.exit(7), Math.random() * 500);
}

await Promise.all([
  ...nodes.map(tail),
  // A question and a drop want the same tables.
  ...(pace === 'steady' ? [] : [askOn()]),
  ...(pace === 'exit' ? [endSoon()] : []),
]);
