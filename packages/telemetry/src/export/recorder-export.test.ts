import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlightWriter, openRingWriter } from '@rankscope/flight-recorder';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultSpanRules } from '../spans/span-rules.ts';
import { openRecorderExport, type RecorderExportOptions } from './recorder-export.ts';
import { encodeRecorderPosition, parseRecorderPosition } from './recorder-position.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-export-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const sizes = { rareCount: 64, memoryCount: 16, mainCount: 256 };
const ids = { taskId: '01a20fb7-b532-7fc7-8000-0000000000aa', commandId: '01a20fb7-b532-7fc7-8000-000000000001' };
const command = ids.commandId.replaceAll('-', '');
const identity = {
  runnerId: 'r1',
  nodeId: 'n',
  instanceId: 'i',
  modelId: 'm',
  rank: 1,
  worldSize: 2,
  attempt: 1,
  bootId: '00000000-0000-4000-8000-000000000001',
};

function openWriter(name = 'r1.ring', clock?: { monotonicNs: () => bigint; wallNs: () => bigint }): FlightWriter {
  return openRingWriter(join(dir, name), identity, sizes, clock);
}

function openExport(more: Partial<RecorderExportOptions> = {}) {
  return openRecorderExport({
    ringPath: join(dir, 'r1.ring'),
    supervisorPath: join(dir, 'r1.supervisor.ring'),
    position: null,
    wallMinusMonoNs: null,
    hasPlane: true,
    rules: defaultSpanRules,
    ...more,
  });
}

/** A clock that stands where it is put. */
function stoppedClock() {
  let nowNs = 1_000_000_000_000n;
  return {
    monotonicNs: () => nowNs,
    wallNs: () => 1_700_000_000_000_000_000n,
    pass: (ms: number) => (nowNs += BigInt(ms) * 1_000_000n),
  };
}

function phase(writer: FlightWriter, name: 'decode_stream' | 'prompt_build', whole: () => void) {
  writer.record({ phase: name, kind: 'enter', event: 'enter' });
  whole();
  writer.record({ phase: name, kind: 'exit', event: 'exit' });
}

test('before there is a recorder there is no news', () => {
  const recorder = openExport();
  expect(recorder.look({ nowNs: 0n, gone: false })).toBeNull();
  expect(recorder.identity()).toBeNull();
});

test('what a rank records leaves as it comes, and what was told is not told again', () => {
  const clock = stoppedClock();
  const writer = openWriter('r1.ring', clock);
  const recorder = openExport();
  writer.setTask(ids);
  phase(writer, 'prompt_build', () => clock.pass(40));
  const first = recorder.look({ nowNs: clock.monotonicNs(), gone: false });
  expect(first?.spans.map(({ name, traceId }) => [name, traceId === command])).toEqual([
    ['rank 1', false],
    ['rank 1', true],
    ['prompt_build', true],
  ]);
  // By the recorder's own clocks: 40 ms that ended 40 ms after the wall clock of its header.
  expect(first?.spans.at(-1)).toMatchObject({ startNs: 1_700_000_000_000_000_000n, endNs: 1_700_000_000_040_000_000n });
  expect(recorder.look({ nowNs: clock.monotonicNs(), gone: false })?.spans).toEqual([]);
});

test('whoever goes on from the kept position sends what was not delivered again, and it is the same', () => {
  const clock = stoppedClock();
  const writer = openWriter('r1.ring', clock);
  const recorder = openExport({ wallMinusMonoNs: 5n });
  writer.setTask(ids);
  writer.record({ phase: 'decode_stream', kind: 'enter', event: 'enter' });
  const kept = recorder.look({ nowNs: clock.monotonicNs(), gone: false })?.position;
  if (kept === undefined) throw new Error('there is a recorder');
  clock.pass(30);
  writer.record({ phase: 'decode_stream', kind: 'exit', event: 'exit' });
  const lost = recorder.look({ nowNs: clock.monotonicNs(), gone: false })?.spans;
  expect(lost?.map(({ name }) => name)).toEqual(['decode_stream']);

  const position = parseRecorderPosition(encodeRecorderPosition(kept));
  expect(position).toEqual(kept);
  // A plane that was started later has another idea of the wall clock; the kept one counts.
  const next = openExport({ position, wallMinusMonoNs: 999n });
  expect(next.look({ nowNs: clock.monotonicNs(), gone: false })?.spans).toEqual(lost);
});

test('a rank that was killed in a phase is lost in it, as its supervisor saw it', () => {
  const clock = stoppedClock();
  const writer = openWriter('r1.ring', clock);
  const supervisor = openWriter('r1.supervisor.ring', clock);
  const recorder = openExport();
  writer.setTask(ids);
  writer.record({ phase: 'decode_barrier', kind: 'enter', event: 'enter' });
  const look = () => recorder.look({ nowNs: clock.monotonicNs(), gone: false });
  look();
  clock.pass(5_000);
  expect(look()?.spans.map(({ name }) => name)).toEqual(['decode_barrier (in progress)']);
  clock.pass(1_000);
  writer.loopBeat();
  clock.pass(1_000);
  supervisor.record({ phase: 'decode_barrier', kind: 'mark', event: 'process_died', detail: 'signal SIGKILL' });
  const end = recorder.look({ nowNs: clock.monotonicNs(), gone: true });
  const [span] = end?.spans ?? [];
  expect(span).toMatchObject({ name: 'decode_barrier', error: 'killed_after_hang (signal SIGKILL)' });
  // The last proof of life, not the moment in which somebody looked.
  expect(span && Number(span.endNs - span.startNs) / 1e6).toBe(6_000);
  expect(end?.logs.map(({ eventName }) => eventName)).toEqual(['rankscope.rank.lost']);
  expect(end?.done).toBe(true);
  expect(recorder.look({ nowNs: clock.monotonicNs(), gone: true })?.spans).toEqual([]);
});

test('where nobody supervised the rank’s own last words say how it ended', () => {
  const ends: [(writer: FlightWriter) => void, string | undefined][] = [
    [() => undefined, 'killed'],
    [
      (w) => w.record({ phase: 'error', kind: 'enter', event: 'error', detail: 'peer_lost: rank 0 is gone' }),
      'peer_lost',
    ],
    [(w) => w.record({ phase: 'error', kind: 'enter', event: 'error', detail: 'out_of_memory: no' }), 'exited'],
    [(w) => w.record({ phase: 'shutdown_cleanup', kind: 'mark', event: 'channel_closed' }), 'exited'],
    [(w) => w.close(0), undefined],
  ];
  for (const [at, [finish, type]] of ends.entries()) {
    const name = `${at}.ring`;
    const writer = openWriter(name);
    writer.record({ phase: 'idle', kind: 'enter', event: 'enter', rare: true });
    finish(writer);
    const recorder = openExport({ ringPath: join(dir, name), supervisorPath: null });
    const lost = recorder.look({ nowNs: null, gone: true })?.logs[0];
    expect(lost?.attributes['error.type']).toBe(type);
  }
});

test('a rank that never wrote a word is lost all the same, and has its anchor', () => {
  openWriter('r1.supervisor.ring').record({
    phase: 'created',
    kind: 'mark',
    event: 'process_exited',
    detail: 'not started',
  });
  const end = openExport().look({ nowNs: null, gone: true });
  expect(end?.spans.map(({ name }) => name)).toEqual(['rank 1']);
  expect(end?.logs[0]?.spanId).toBe(end?.spans[0]?.spanId);
  expect(end?.logs[0]?.body).toBe('rank 1 is lost: exited (not started)');
});

test('a file that came to harm still leaves the end that its supervisor saw', () => {
  const clock = stoppedClock();
  const writer = openWriter('r1.ring', clock);
  const supervisor = openWriter('r1.supervisor.ring', clock);
  const recorder = openExport();
  writer.record({ phase: 'decode_barrier', kind: 'enter', event: 'enter' });
  recorder.look({ nowNs: clock.monotonicNs(), gone: false });
  truncateSync(join(dir, 'r1.ring'), 5_000);
  clock.pass(1_000);
  writer.record({ phase: 'decode_barrier', kind: 'exit', event: 'exit' });
  supervisor.record({ phase: 'decode_barrier', kind: 'mark', event: 'process_died', detail: 'signal SIGKILL' });
  truncateSync(join(dir, 'r1.ring'), 5_000);
  expect(() => recorder.look({ nowNs: null, gone: true })).toThrow(/cut short/);
  const end = recorder.look({ nowNs: null, gone: true, harmed: true });
  expect(end?.spans).toMatchObject([{ name: 'decode_barrier', error: 'killed (signal SIGKILL)' }]);
  expect(end?.done).toBe(true);
});

test('what was overwritten unread is counted, and leaves no phase open that may long be over', () => {
  const clock = stoppedClock();
  const writer = openWriter('r1.ring', clock);
  const recorder = openExport();
  writer.record({ phase: 'decode_stream', kind: 'enter', event: 'enter' });
  recorder.look({ nowNs: clock.monotonicNs(), gone: false });
  for (let i = 0; i < 1_000; i += 1) writer.record({ phase: 'decode_stream', kind: 'mark', event: 'progress' });
  clock.pass(60_000);
  const news = recorder.look({ nowNs: clock.monotonicNs(), gone: false });
  expect(news?.overwritten).toBeGreaterThan(700);
  expect(news?.spans).toEqual([]);
});
