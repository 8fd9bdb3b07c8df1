import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contractIdentity } from './flight-writer.contract.ts';
import type { FlightWriter } from './flight-writer.ts';
import { openRingReader, type RingReader } from './ring-reader.ts';
import { openRingWriter } from './ring-writer.ts';
import { withPhase } from './with-phase.ts';

let dir: string;
let writer: FlightWriter;
let reader: RingReader;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-phase-'));
  writer = openRingWriter(join(dir, 'a.ring'), contractIdentity, { rareCount: 8, memoryCount: 8, mainCount: 64 });
  reader = openRingReader(writer.path);
});

afterEach(() => {
  reader.close();
  writer.close(0);
  rmSync(dir, { recursive: true });
});

/** The ring as lines of `phase kind/event text`. */
const lines = () =>
  reader
    .read({ next: 0 })
    .entries.map(({ phase, kind, event, text }) => `${phase} ${kind}/${event} ${text ?? ''}`.trim());
const now = () => reader.state().cells[0];

test('a phase is entered before the work and left after it, and the work’s result is given back', () => {
  const result = withPhase(
    writer,
    'prompt_build',
    () => {
      expect(lines()).toEqual(['prompt_build enter/enter chat template']);
      expect(now()).toMatchObject({ phase: 'prompt_build', site: 'chat template' });
      return 42;
    },
    'chat template',
  );
  expect(result).toBe(42);
  expect(lines()).toEqual(['prompt_build enter/enter chat template', 'prompt_build exit/exit']);
  expect(now()).toBeUndefined();
});

test('an asynchronous phase lasts until its promise settles', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const running = withPhase(writer, 'load_model', () => promise);
  expect(now()?.phase).toBe('load_model');
  resolve('done');
  expect(await running).toBe('done');
  expect(lines()).toEqual(['load_model enter/enter', 'load_model exit/exit']);
});

test('what throws, now or later, leaves by its message and goes on', async () => {
  const lost = () => {
    throw new Error('peer 1 was lost');
  };
  expect(() => withPhase(writer, 'connect_group', lost)).toThrow('peer 1 was lost');
  await expect(withPhase(writer, 'warmup', async () => lost())).rejects.toThrow('peer 1 was lost');
  expect(lines()).toEqual([
    'connect_group enter/enter',
    'connect_group exit/exception peer 1 was lost',
    'warmup enter/enter',
    'warmup exit/exception peer 1 was lost',
  ]);
  expect(now()).toBeUndefined();
});

test('an inner phase gives the outer one back, entered when it was entered', () => {
  withPhase(
    writer,
    'prefill_stream',
    () => {
      const outer = now();
      withPhase(writer, 'prefill_barrier', () => {
        expect(now()?.phase).toBe('prefill_barrier');
        expect(now()?.site).toBeNull();
      });
      expect(now()).toEqual(outer);
    },
    'chunk 1',
  );
});

test('phases of a life are rare, phases of a token are not', () => {
  withPhase(writer, 'load_model', () => withPhase(writer, 'decode_stream', () => undefined));
  const rare = reader.read({ next: 0 }).entries.filter((entry) => entry.rare);
  expect(new Set(rare.map((entry) => entry.phase))).toEqual(new Set(['load_model']));
});
