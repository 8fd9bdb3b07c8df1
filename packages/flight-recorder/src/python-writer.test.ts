import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collectiveOps, flightEvents, runnerPhases } from '@rankscope/schema';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readAsVersion1 } from './read-as-version-1.contract.ts';
import { openRingReader } from './ring-reader.ts';

/** A Python that has not started, or not written a few thousand entries, by now will not. */
const pythonDeadlineMs = 15_000;
const examples = join(import.meta.dirname, '../examples');

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-python-'));
  path = join(dir, 'rank.ring');
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A program that has the example's writer. */
const program = (...lines: readonly string[]) => [
  '-c',
  ['import sys, uuid', 'sys.path.insert(0, sys.argv[1])', 'sys.dont_write_bytecode = True', 'from ring_writer import *']
    .concat(lines)
    .join('\n'),
  examples,
  path,
];

/** Runs a program to its end. */
function python(...lines: readonly string[]): void {
  const { status, stderr, error } = spawnSync('python3', program(...lines), {
    encoding: 'utf8',
    timeout: pythonDeadlineMs,
  });
  expect(error).toBeUndefined();
  expect(status, stderr).toBe(0);
}

/** The longest start that fits into so many bytes without half a character. */
function cutAt(text: string, bytes: number): string {
  return Buffer.from(text)
    .subarray(0, bytes)
    .toString()
    .replace(/\ufffd+$/, '');
}

function readAll(writerDead = true) {
  const reader = openRingReader(path);
  const { header } = reader;
  const state = reader.state();
  const read = reader.read({ next: 0 }, { limit: 100_000, writerDead });
  reader.close();
  return { header, state, ...read };
}

test('all that a Python process wrote before it was killed in the middle is read', async () => {
  const child = spawn(
    'python3',
    program(
      'ring = RingWriter(sys.argv[2], "rank-1", rank=1, world_size=2, main=4096)',
      'ring.record("load_model", "enter", "enter", rare=True)',
      'for n in range(1, 2**53):',
      '    ring.now(1, "decode_stream", "all_sum", op="all_sum", ordinal=n)',
      '    ring.record("decode_stream", "enter", "collective_enter", f"entry {n}", op="all_sum", ordinal=n, a=n, b=3 * n)',
      '    if n == 3000: print("three thousand", flush=True)',
    ),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  try {
    await once(child.stdout, 'data', { signal: AbortSignal.timeout(pythonDeadlineMs) });
  } finally {
    child.kill('SIGKILL');
  }
  expect((await exited)[1]).toBe('SIGKILL');

  const { state, entries, torn, dropped } = readAll();
  expect(state.next).toBeGreaterThan(3000);
  expect(state).toMatchObject({ clean: false, exitCode: null });
  expect(state.cells).toMatchObject([{ cell: 1, phase: 'decode_stream', op: 'all_sum', site: 'all_sum' }]);
  expect([state.next, state.next - 1]).toContain(state.cells[0]?.ordinal);
  expect(torn).toBe(0);
  expect(entries.length + dropped).toBe(state.next);
  expect(entries.at(-1)?.n).toBe(state.next - 1);
  const [first, ...rest] = entries;
  expect(first).toMatchObject({ n: 0, phase: 'load_model', rare: true });
  for (const { n, a, b, barrierSeq, text } of rest)
    expect({ a, b, barrierSeq, text }).toEqual({ a: n, b: 3 * n, barrierSeq: n, text: `entry ${n}` });
});

test('what it says of itself, of its task and of its end comes back', () => {
  const id = (digit: number) => `00000000-0000-0000-0000-00000000000${digit}`;
  python(
    'ring = RingWriter(sys.argv[2], "rank-1", "node-ä", "instance", "model", 1, 2, 3, uuid.UUID(int=7), rare=8, main=64)',
    'ring.now(0, "idle")',
    'ring.task(uuid.UUID(int=1), uuid.UUID(int=2))',
    'ring.record("task_submission", "mark", "progress", a=2**40, b=4)',
    'ring.now(2, "parser", site="é" * 20)',
    'ring.task()',
    'ring.record("error", "mark", "error")',
    'ring.beat()',
    'ring.close(-9)',
  );
  const { header, state, entries } = readAll();
  expect(header).toMatchObject({
    ...{ runnerId: 'rank-1', nodeId: 'node-ä', instanceId: 'instance', modelId: 'model' },
    ...{ rank: 1, worldSize: 2, attempt: 3, bootId: id(7), rareCount: 8, mainCount: 64 },
  });
  expect(Number(process.hrtime.bigint() - header.anchorMonoNs) / 1e9).toBeLessThan(pythonDeadlineMs);
  expect(entries.map(({ taskId, commandId, a, b }) => [taskId, commandId, a, b])).toEqual([
    [id(1), id(2), 2 ** 40, 4],
    [null, null, 0, 0],
  ]);
  expect(state.cells).toMatchObject([
    { cell: 0, phase: 'idle', op: null, ordinal: null, site: null, layer: null, peer: null, taskId: null },
    { cell: 2, phase: 'parser', site: 'é'.repeat(16), taskId: id(1), commandId: id(2) },
  ]);
  expect(state).toMatchObject({ clean: true, exitCode: -9, next: 2 });
  expect(state.loopNs).toBeGreaterThan(header.anchorMonoNs);
});

test('its names are ours', () => {
  python(
    'ring = RingWriter(sys.argv[2], "rank-1", rare=8, main=64)',
    'for phase in PHASES: ring.record(phase, "mark", "error", phase)',
    'for kind in KINDS: ring.record("idle", kind, "error", kind)',
    'for event in EVENTS: ring.record("idle", "mark", event, event)',
    'for op in OPS: ring.record("idle", "mark", "error", op, op=op)',
  );
  const { entries } = readAll();
  const phases = entries.slice(0, 22);
  expect(phases.map(({ phase }) => phase)).toEqual(runnerPhases);
  expect(phases.map(({ text }) => text)).toEqual(runnerPhases);
  const kinds = entries.slice(22, 25);
  expect(kinds.map(({ kind }) => kind)).toEqual(kinds.map(({ text }) => text));
  const events = entries.slice(25, -5);
  expect(events.map(({ event }) => event)).toEqual(events.map(({ text }) => text));
  expect(Object.keys(flightEvents)).toEqual(expect.arrayContaining(events.map(({ event }) => event)));
  const ops = entries.slice(-5).map(({ op }) => op);
  expect(ops).toEqual([null, ...Object.keys(collectiveOps).slice(0, 4)]);
});

test('its long texts come back whole until its table is full, and then cut and marked', () => {
  const sentence = (n: number) => `Fehler ${n}: die Gegenstelle öffnete ihren Socket nicht, und niemand weiß warum.`;
  python(
    'ring = RingWriter(sys.argv[2], "rank-1", rare=8, main=64, strings=1024)',
    'def sentence(n): return f"Fehler {n}: die Gegenstelle öffnete ihren Socket nicht, und niemand weiß warum."',
    'for n in range(20): ring.record("error", "mark", "error", sentence(n % 15))',
  );
  const { state, entries } = readAll();
  const whole = entries.slice(0, 15).filter(({ textCut }) => !textCut).length;
  expect(whole).toBeGreaterThan(5);
  for (const [n, { text, textCut }] of entries.entries()) {
    const kept = n % 15 < whole;
    const start = (bytes: number) => cutAt(sentence(n % 15), bytes);
    expect([text, textCut]).toEqual(kept ? [sentence(n % 15), false] : [start(32), true]);
    expect(readAsVersion1(path, n)).toEqual({ text: start(kept ? 27 : 32), cut: true });
  }
  expect(state.strings).toMatchObject({ bytes: 1024, lost: entries.filter(({ textCut }) => textCut).length });
});

test('a text of more than 4096 bytes is cut at a character, marked and counted', () => {
  python(
    'ring = RingWriter(sys.argv[2], "rank-1", rare=8, main=64)',
    'ring.record("error", "mark", "error", "x" + "é" * 3000)',
  );
  const { state, entries } = readAll();
  expect(entries).toMatchObject([{ text: `x${'é'.repeat(2047)}`, textCut: true }]);
  expect(state.strings?.lost).toBe(1);
});
