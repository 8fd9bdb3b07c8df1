import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EntryBatch, recorderKey, valueAt } from '@rankscope/schema';
import { afterEach, expect, test } from 'vitest';
import type { EntryStore } from '../../apps/plane/src/control/entries/entry-store.ts';
import { createMemoryEntryStore } from '../../apps/plane/src/control/entries/memory-entry-store.ts';
import { type Leader, openLeader } from '../support/open-leader.ts';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { analysisOf, chatBody, eventually, getJson, post, timelineOf } from '../support/plane-requests.ts';
import { type RingsBeingWritten, writeRings } from '../support/write-rings.ts';

const planes: StartedPlane[] = [];
const leaders: Leader[] = [];
const writing: RingsBeingWritten[] = [];
const dirs: string[] = [];
afterEach(async () => {
  for (const one of writing.splice(0)) one.kill();
  await Promise.all(leaders.splice(0).map((leader) => leader.close()));
  await Promise.all(planes.splice(0).map((plane) => plane.stop()));
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

async function started(args: readonly string[], dataDir?: string): Promise<StartedPlane & { nodeId: string }> {
  const plane = await startPlane({ args, ...(dataDir !== undefined && { dataDir }) });
  planes.push(plane);
  return { ...plane, nodeId: await getJson<string>(`${plane.url}/node_id`) };
}

async function led(peers: readonly { nodeId: string; url: string }[], store?: EntryStore): Promise<Leader> {
  const places = new Map(peers.map(({ nodeId, url }) => [nodeId, url]));
  const leader = await openLeader({ peers: places, ...(store && { store }) });
  leaders.push(leader);
  return leader;
}

function write(options: Parameters<typeof writeRings>[0]): RingsBeingWritten {
  const rings = writeRings(options);
  rings.written.catch(() => undefined);
  writing.push(rings);
  return rings;
}

function freshDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-tail-'));
  dirs.push(dir);
  return dir;
}

const everything = {
  ...{ sinceUs: null, untilUs: null, nodeId: null, instanceId: null, runnerIds: null },
  ...{ taskId: null, commandId: null, limitPerRunner: 1_000_000 },
};

/** Numbers per recorder, in the order of the rows. */
function numbersOf(batch: EntryBatch): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (let row = 0; row < batch.rows; row += 1) {
    const source = batch.sources[valueAt(batch, 'source', row)];
    const key = source === undefined ? '' : recorderKey(source);
    const numbers = found.get(key) ?? [];
    found.set(key, numbers);
    numbers.push(valueAt(batch, 'seq', row));
  }
  return found;
}

/** Every runner's entries are there from the first to the last, in order, each once. */
function expectWhole(batch: EntryBatch, written: ReadonlyMap<string, number>): void {
  const found = numbersOf(batch);
  for (const [runnerId, count] of written) {
    const numbers = found.get(runnerId) ?? [];
    expect([numbers.length, numbers.findIndex((n, at) => n !== at)], runnerId).toEqual([count, -1]);
  }
}

test('ranks that write 2,000 entries a second on two nodes are in the store, complete and in order', async () => {
  const nodes = [await started(['--no-model']), await started(['--no-model'])];
  const leader = await led(nodes);
  const rings = nodes.map(({ dataDir, nodeId }) => write({ dataDir, nodeId, rings: 2, perSecond: 2_000, seconds: 3 }));
  const written = new Map((await Promise.all(rings.map((one) => one.written))).flatMap((counts) => [...counts]));
  const total = [...written.values()].reduce((sum, count) => sum + count, 0);
  expect([written.size, total > 10_000]).toEqual([4, true]);
  await eventually(
    async () => (await leader.store.facts()).rows,
    (rows) => rows >= total,
    20_000,
  );
  expectWhole((await leader.store.query(everything)).batch, written);
  for (const { nodeId } of nodes)
    expect(leader.tailed(nodeId)).toMatchObject({ state: 'following', dropped: 0, refused: 0, rewound: 0 });
  expect(await leader.store.facts()).toMatchObject({ rows: total, doubleRows: 0, lostRows: 0 });
});

test('a plane that is killed and started anew hands over what its ranks recorded meanwhile, nothing twice', async () => {
  const dataDir = freshDir();
  const first = await started(['--no-model'], dataDir);
  const leader = await led([first]);
  const rings = write({ dataDir, nodeId: first.nodeId, rings: 2, perSecond: 2_000, seconds: 6 });
  await eventually(
    async () => leader.tailed(first.nodeId)?.entries ?? 0,
    (entries) => entries > 1_000,
  );
  process.kill(first.pid, 'SIGKILL');
  await eventually(
    async () => leader.tailed(first.nodeId)?.state,
    (state) => state === 'silent',
  );
  const second = await started(['--no-model'], dataDir);
  expect(second.nodeId).toBe(first.nodeId);
  leader.movePeers(new Map([[second.nodeId, second.url]]));
  const written = await rings.written;
  const total = [...written.values()].reduce((sum, count) => sum + count, 0);
  await eventually(
    async () => (await leader.store.facts()).rows,
    (rows) => rows >= total,
    20_000,
  );
  expectWhole((await leader.store.query(everything)).batch, written);
  expect(await leader.store.facts()).toMatchObject({ rows: total, doubleRows: 0 });
  expect(leader.tailed(first.nodeId)).toMatchObject({ state: 'following', url: second.url, rewound: 0 });
});

test('ranks that died with their plane are handed over by the next one, beside its own', async () => {
  const dataDir = freshDir();
  const args = ['--engine', 'simulated', '--ranks', '2'];
  const first = await started(args, dataDir);
  await post(`${first.url}/v1/chat/completions`, chatBody({ max_tokens: 20 })).then((answer) => answer.text());
  const old = (await timelineOf(first.url, '?limit=65536')).timeline;
  process.kill(first.pid, 'SIGKILL');
  const second = await started(args, dataDir);
  const leader = await led([second]);
  await eventually(
    async () => numbersOf((await leader.store.query(everything)).batch),
    (found) => {
      const key = (runnerId: string, source: unknown) =>
        source === undefined ? runnerId : `${runnerId}/${String(source)}`;
      return old.every(({ runnerId, attrs }) => found.get(key(runnerId, attrs.source))?.includes(Number(attrs.seq)));
    },
  );
  const kept = numbersOf((await leader.store.query(everything)).batch);
  for (const [recorder, numbers] of kept) expect(new Set(numbers).size, recorder).toBe(numbers.length);
  const { runners, timeline } = await timelineOf(leader.url, '?since=2020-01-01T00:00:00Z&limit=65536');
  expect(new Set(runners.map(({ nodeId }) => nodeId))).toEqual(new Set([second.nodeId]));
  const keys = timeline.map(({ runnerId, attrs }) => `${runnerId} ${attrs.source} ${attrs.seq}`);
  expect(new Set(keys).size, 'no entry twice in the answer').toBe(keys.length);
  expect(timeline.filter(({ runnerId }) => old.some((entry) => entry.runnerId === runnerId)).length).toBeGreaterThan(
    20,
  );
});

test('a tail that is opened again over the same store goes on where it was', async () => {
  const node = await started(['--no-model']);
  const store = createMemoryEntryStore();
  const rings = write({ dataDir: node.dataDir, nodeId: node.nodeId, rings: 1, perSecond: 2_000, seconds: 4 });
  const first = await led([node], store);
  await eventually(
    async () => (await store.facts()).rows,
    (rows) => rows > 1_000,
  );
  await first.close();
  leaders.splice(0);
  const second = await led([node], store);
  const written = await rings.written;
  const total = [...written.values()].reduce((sum, count) => sum + count, 0);
  await eventually(
    async () => (await store.facts()).rows,
    (rows) => rows >= total,
    20_000,
  );
  expectWhole((await store.query(everything)).batch, written);
  expect([(await store.facts()).doubleRows, second.tailed(node.nodeId)?.rewound]).toEqual([0, 0]);
});

test('a plane of its own follows itself, and says so', async () => {
  const plane = await started(['--engine', 'simulated', '--ranks', '2']);
  const answer = await post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: 60 }));
  const commandId = answer.headers.get('x-rankscope-command-id');
  await answer.text();
  const whole = await timelineOf(plane.url, '?limit=65536');
  const { history } = await eventually(
    () => analysisOf(plane.url),
    (analysis) => (analysis.history?.rows ?? 0) >= whole.timeline.length,
  );
  expect(history?.nodes).toMatchObject([{ nodeId: plane.nodeId, state: 'following', dropped: 0 }]);
  const ofCommand = await timelineOf(plane.url, `?commandId=${commandId}&limit=65536`);
  const expected = whole.timeline.filter((entry) => entry.commandId === commandId);
  expect(ofCommand.timeline).toEqual(expected);
  expect(expected.length).toBeGreaterThan(100);
});
