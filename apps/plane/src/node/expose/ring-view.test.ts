import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRingWriter } from '@rankscope/flight-recorder';
import { afterAll, expect, test } from 'vitest';
import { openRingView, type RingReading } from './ring-view.ts';

const dir = mkdtempSync(join(tmpdir(), 'rankscope-view-'));
afterAll(() => rmSync(dir, { recursive: true }));

const identity = {
  runnerId: 'r',
  nodeId: 'n',
  instanceId: 'i',
  modelId: 'm',
  rank: 0,
  worldSize: 2,
  attempt: 1,
  bootId: '8c6f5b7e-5c0e-4d7e-9d0e-3f4f0f5b9f10',
};
let files = 0;

function ring(sizes = { rareCount: 16, memoryCount: 16, mainCount: 4096 }) {
  files += 1;
  const path = join(dir, `${files}.ring`);
  const writer = openRingWriter(path, identity, sizes);
  const view = openRingView({ path, wallAtNs: (ns) => ns, source: null });
  const look = (limit = 1024): RingReading => {
    const glance = view.look(limit, false);
    if (glance.kind !== 'readable') throw new Error(glance.kind);
    return glance;
  };
  return { path, writer, view, look };
}

const tiny = { rareCount: 16, memoryCount: 16, mainCount: 64 };

function poke(path: string, at: number, byte: number): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.of(byte), 0, 1, at);
  closeSync(fd);
}

const seqs = ({ entries }: RingReading) => entries.map(({ entry }) => entry.attrs.seq);

test('what a collective was is said on its entries', () => {
  const { writer, look } = ring();
  writer.record({
    phase: 'decode_stream',
    kind: 'enter',
    event: 'collective_enter',
    op: 'recv',
    group: 0,
    barrierSeq: 88,
    peer: 0,
    pointToPoint: true,
    layer: 12,
    a: 2048,
    b: 7,
    dtype: 'bfloat16',
  });
  writer.record({ phase: 'prefill_stream', kind: 'mark', event: 'progress', a: 3, b: 9 });
  const [collective, progress] = look().entries.map(({ entry }) => entry);
  expect(collective).toMatchObject({
    phase: 'decode_stream',
    event: 'collective_enter',
    detail: 'recv 88 from rank 0, layer 12',
  });
  const { monoNs, ...attrs } = collective?.attrs ?? {};
  expect(attrs).toEqual({
    seq: 0,
    op: 'recv',
    group: 0,
    barrierSeq: 88,
    layer: 12,
    bytes: 2048,
    dtype: 'bfloat16',
    evalSeq: 7,
    waitingOn: 0,
  });
  expect(monoNs).toMatch(/^\d+$/);
  expect(progress?.attrs).toMatchObject({ chunkIndex: 3, chunkTotal: 9 });
});

test('looking again reads on, and a long absence costs no more than a short one', () => {
  const { writer, look } = ring();
  const mark = (count: number) => {
    for (let i = 0; i < count; i += 1) writer.record({ phase: 'idle', kind: 'mark', event: 'status' });
  };
  mark(3);
  expect(seqs(look())).toEqual([0, 1, 2]);
  mark(2);
  expect(seqs(look(2))).toEqual([3, 4]);
  mark(10_000);
  const late = look(2048);
  expect(seqs(late)).toHaveLength(2048);
  expect([late.firstSeq, late.lastSeq]).toEqual([10_005 - 4096, 10_004]);
  expect(late.dropped, 'overwritten before anybody looked').toBe(10_005 - 4096 - 5);
  expect(seqs(look(4096)), 'the whole ring for whoever asks').toHaveLength(4096);
});

test('the last collective that was left is remembered', () => {
  const { writer, look } = ring();
  expect(look().lastLeft).toBeNull();
  for (const barrierSeq of [1, 2]) {
    writer.record({
      phase: 'decode_barrier',
      kind: 'enter',
      event: 'collective_enter',
      op: 'all_sum',
      group: 0,
      barrierSeq,
    });
    writer.record({
      phase: 'decode_barrier',
      kind: 'exit',
      event: 'collective_exit',
      op: 'all_sum',
      group: 0,
      barrierSeq,
    });
  }
  writer.record({
    phase: 'decode_barrier',
    kind: 'enter',
    event: 'collective_enter',
    op: 'all_sum',
    group: 0,
    barrierSeq: 3,
  });
  expect(look().lastLeft).toBe(2);
});

test('a file that is missing, foreign, cut or gone is an answer', () => {
  const none = openRingView({ path: join(dir, 'none.ring'), wallAtNs: (ns) => ns, source: null });
  expect(none.look(1, false)).toEqual({ kind: 'missing' });
  const foreign = join(dir, 'foreign.ring');
  writeFileSync(foreign, Buffer.alloc(8192, 'x'));
  expect(openRingView({ path: foreign, wallAtNs: (ns) => ns, source: null }).look(1, false)).toMatchObject({
    kind: 'unreadable',
    reason: expect.stringContaining(foreign),
  });
  const { path, writer, look, view } = ring();
  writer.record({ phase: 'idle', kind: 'mark', event: 'status' });
  look();
  truncateSync(path, 100_000);
  expect(look().damage).toMatch(/cut short/);
  truncateSync(path, 100);
  expect(view.look(1, false)).toMatchObject({ kind: 'unreadable' });
});

test('a recorder that comes to harm while it is watched leaves what was read, and says what is wrong', () => {
  const harms: readonly [(path: string) => void, RegExp][] = [
    [(path) => poke(path, 8, 99), /version is 99/],
    [(path) => truncateSync(path, 100), /cut short|bytes/],
    [(path) => rmSync(path), /was removed/],
    [
      (path) => openRingWriter(path, { ...identity, runnerId: 'other' }, tiny).close(0),
      /is now the recorder of other, no longer of r$/,
    ],
  ];
  for (const [harm, reason] of harms) {
    const { path, writer, look, view } = ring(tiny);
    writer.now(0, { phase: 'decode_stream' });
    for (const barrierSeq of [1, 2]) {
      writer.record({ phase: 'decode_barrier', kind: 'exit', event: 'collective_exit', op: 'all_sum', barrierSeq });
    }
    look(1);
    harm(path);
    for (let again = 0; again < 2; again += 1) {
      const glance = view.look(1024, false);
      // Held open, a file that was removed is still read.
      if (glance.kind === 'readable') expect(glance.damage).toMatch(reason);
      else expect(glance.kind === 'unreadable' && glance.reason).toMatch(reason);
      const kept = glance.kind === 'unreadable' ? glance.last : glance.kind === 'readable' ? glance : null;
      expect(kept?.state.cells.map(({ phase }) => phase)).toEqual(['decode_stream']);
      expect([kept?.entries.length, kept?.lastLeft]).toEqual([2, 2]);
    }
  }
});

test('a recorder that was mended is read again', () => {
  const { path, writer, look, view } = ring(tiny);
  writer.record({ phase: 'idle', kind: 'mark', event: 'status' });
  look();
  poke(path, 8, 99);
  expect(view.look(1, false).kind).toBe('unreadable');
  poke(path, 8, 1);
  writer.record({ phase: 'idle', kind: 'mark', event: 'status' });
  expect(seqs(look())).toEqual([0, 1]);
});
