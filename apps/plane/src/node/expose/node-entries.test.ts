import { copyFileSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClock, createLog } from '@rankscope/daemon';
import { type FlightWriter, openRingWriter } from '@rankscope/flight-recorder';
import { NodeDiagnostics, NodeEntriesQuery, ProblemError, textAt, valueAt } from '@rankscope/schema';
import { afterAll, afterEach, expect, test } from 'vitest';
import { type NodeEntries, type NodeEntriesRead, openNodeEntries } from './node-entries.ts';

const root = mkdtempSync(join(tmpdir(), 'rankscope-entries-'));
afterAll(() => rmSync(root, { recursive: true }));
const opened: NodeEntries[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

const bootId = '8c6f5b7e-5c0e-4d7e-9d0e-3f4f0f5b9f10';
const sizes = { rareCount: 16, memoryCount: 16, mainCount: 256 };
const diagnostics = NodeDiagnostics.parse({
  generatedAt: '2026-11-22T02:41:07.412913Z',
  runtime: { nodeId: 'n', hostname: 'h', isMaster: true, cwd: '.' },
  resources: {},
});

/** A runners' directory, the writers of its rings, and as many planes over it as are wanted. */
function machine() {
  const runnersDir = mkdtempSync(join(root, 'runners-'));
  const clock = createClock();
  const logged: string[] = [];
  const log = createLog({ level: 'warn', wallNs: clock.wallNs, write: (line) => logged.push(line) });
  const ring = (runnerId: string, more: { supervisor?: boolean; nodeId?: string } = {}): FlightWriter =>
    openRingWriter(
      join(runnersDir, `${runnerId}${more.supervisor ? '.supervisor' : ''}.ring`),
      {
        runnerId,
        nodeId: more.nodeId ?? 'n',
        instanceId: 'i',
        modelId: 'm',
        rank: 0,
        worldSize: 2,
        attempt: 1,
        bootId,
      },
      sizes,
    );
  const plane = (isAlive: (pid: number) => boolean = () => true): NodeEntries => {
    const entries = openNodeEntries({
      nodeId: 'n',
      bootId,
      runnersDir,
      clock,
      log,
      diagnose: () => diagnostics,
      isAlive,
    });
    opened.push(entries);
    return entries;
  };
  return { runnersDir, logged, ring, plane };
}

const mark = (writer: FlightWriter, count: number) => {
  for (let i = 0; i < count; i += 1) writer.record({ phase: 'idle', kind: 'mark', event: 'status' });
};
const query = (more: Partial<NodeEntriesQuery> = {}) => NodeEntriesQuery.parse(more);

/** `runner/recorder number` of every row. */
const rowsOf = ({ batch }: NodeEntriesRead) =>
  Array.from({ length: batch.rows }, (_, row) => {
    const source = batch.sources[valueAt(batch, 'source', row)];
    return `${source?.runnerId}/${source?.recorder} ${valueAt(batch, 'seq', row)}`;
  });

async function readAll(entries: NodeEntries, after = '', limit = 100): Promise<{ rows: string[]; cursor: string }> {
  const rows: string[] = [];
  for (let cursor = after; ; ) {
    const read = await entries.read(query({ after: cursor, limit }));
    rows.push(...rowsOf(read));
    cursor = read.head.cursor;
    if (!read.head.more) return { rows, cursor };
  }
}

test('every recorder of the machine, whoever runs, and each entry once, also across planes', async () => {
  const { ring, plane } = machine();
  const [old, own, supervisor] = [ring('r1'), ring('r2'), ring('r2', { supervisor: true })];
  mark(old, 30);
  old.close(0);
  mark(own, 130);
  mark(supervisor, 2);
  const first = await readAll(plane());
  expect(first.rows).toHaveLength(162);
  expect(new Set(first.rows).size).toBe(162);
  expect(first.rows.filter((row) => row.startsWith('r2/ '))).toEqual(Array.from({ length: 130 }, (_, n) => `r2/ ${n}`));
  expect(first.rows.filter((row) => row.startsWith('r2/supervisor'))).toEqual(['r2/supervisor 0', 'r2/supervisor 1']);

  const another = plane();
  expect((await readAll(another, first.cursor)).rows).toEqual([]);
  mark(own, 3);
  expect((await readAll(another, first.cursor)).rows).toEqual(['r2/ 130', 'r2/ 131', 'r2/ 132']);
});

test('who a row is from, and what lies beside the rows', async () => {
  const { ring, plane } = machine();
  mark(ring('r'), 1);
  const { head, batch } = await plane().read(query());
  expect(batch.sources).toEqual([
    {
      nodeId: 'n',
      runnerId: 'r',
      instanceId: 'i',
      modelId: 'm',
      deviceRank: 0,
      worldSize: 2,
      attempt: 1,
      recorder: '',
    },
  ]);
  expect(textAt(batch, 'phase', 0)).toBe('idle');
  expect(head).toMatchObject({
    nodeId: 'n',
    bootId,
    more: false,
    dropped: [],
    runners: [],
    runtime: { hostname: 'h' },
  });
});

test('a limit is shared out, so that a busy rank does not keep the others waiting', async () => {
  const { ring, plane } = machine();
  mark(ring('busy'), 200);
  mark(ring('quiet'), 5);
  const read = await plane().read(query({ limit: 20 }));
  expect(read.head.more).toBe(true);
  expect(rowsOf(read).filter((row) => row.startsWith('quiet'))).toHaveLength(5);
  expect(rowsOf(read)).toHaveLength(20);
});

test('what was overwritten before anybody came is counted, and said on the entry after it', async () => {
  const { ring, plane } = machine();
  const writer = ring('r');
  const entries = plane();
  mark(writer, 10);
  const { cursor } = (await entries.read(query())).head;
  mark(writer, 500);
  const { head, batch } = await entries.read(query({ after: cursor }));
  expect(head.dropped).toEqual([{ runnerId: 'r', recorder: '', count: 500 - 256 }]);
  expect([valueAt(batch, 'seq', 0), valueAt(batch, 'dropped', 0)]).toEqual([254, 244]);
});

test('waits for an entry, and no longer than it was told to', async () => {
  const { ring, plane } = machine();
  const writer = ring('r');
  const entries = plane();
  const startedMs = performance.now();
  expect((await entries.read(query({ waitMs: 250 }))).batch.rows).toBe(0);
  expect(performance.now() - startedMs).toBeGreaterThan(240);
  const waiting = entries.read(query({ waitMs: 10_000 }));
  mark(writer, 1);
  expect((await waiting).batch.rows).toBe(1);
  const leaving = new AbortController();
  const { cursor } = (await waiting).head;
  const left = entries.read(query({ after: cursor, waitMs: 10_000 }), leaving.signal);
  leaving.abort();
  expect((await left).batch.rows).toBe(0);
  const closed = entries.read(query({ after: cursor, waitMs: 10_000 }));
  entries.close();
  const last = await closed;
  expect([last.batch.rows, last.head.cursor], 'closing forgets nothing').toEqual([0, cursor]);
  expect(performance.now() - startedMs, 'nobody waited to the end').toBeLessThan(5_000);
});

test('a cursor of a recorder that is gone is no hindrance, and leaves the cursor', async () => {
  const { runnersDir, ring, plane } = machine();
  mark(ring('gone'), 3);
  const kept = ring('kept');
  mark(kept, 3);
  const entries = plane();
  const before = (await entries.read(query())).head.cursor;
  rmSync(join(runnersDir, 'gone.ring'));
  mark(kept, 1);
  const read = await entries.read(query({ after: before }));
  expect(rowsOf(read)).toEqual(['kept/ 3']);
  expect(read.head.cursor.length).toBeLessThan(before.length);
});

test('a cursor that is none is the fault of whoever sent it', async () => {
  const error: unknown = await machine()
    .plane()
    .read(query({ after: 'yesterday' }))
    .catch((thrown: unknown) => thrown);
  if (!(error instanceof ProblemError)) throw new Error(String(error));
  expect(error.code).toBe('bad_query');
  expect(error.message).toMatch(/^after: "yesterday" is no cursor .*leave `after` out/);
});

test('files that are not of this node are left alone, and told of once', async () => {
  const { runnersDir, logged, ring, plane } = machine();
  mark(ring('foreign', { nodeId: 'other' }), 3);
  mark(ring('own'), 3);
  copyFileSync(join(runnersDir, 'own.ring'), join(runnersDir, 'own copy.ring'));
  writeFileSync(join(runnersDir, 'broken.ring'), 'nothing');
  const entries = plane();
  for (let i = 0; i < 3; i += 1) expect((await entries.read(query())).batch.rows).toBe(3);
  const reasons = logged.map((line) => /reason="(.*)"$/m.exec(line)?.[1] ?? line).sort();
  expect(reasons).toHaveLength(3);
  expect(reasons).toEqual([
    expect.stringMatching(/broken.ring: 7 bytes/),
    expect.stringMatching(/copy/),
    expect.stringMatching(/node other/),
  ]);
});

test('a recorder whose rank is dead is read to its end and then let go of', async () => {
  const { runnersDir, ring, plane } = machine();
  mark(ring('r'), 40);
  const heldOpen = () =>
    readdirSync('/proc/self/fd').filter((fd) => linkOf(`/proc/self/fd/${fd}`) === join(runnersDir, 'r.ring')).length;
  const before = heldOpen();
  const entries = plane(() => false);
  const { rows, cursor } = await readAll(entries, '', 7);
  expect(rows).toHaveLength(40);
  expect(heldOpen()).toBe(before);
  expect((await readAll(entries, cursor)).rows).toEqual([]);
  expect((await readAll(entries)).rows, 'still there for whoever begins anew').toHaveLength(40);
});

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
