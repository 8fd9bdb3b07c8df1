import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlightWriter, openRingWriter } from '@rankscope/flight-recorder';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Durations, openDurations } from './durations.ts';

const id = '01a2040d-ee42-77d5-a1be-000000000001';
let dir = '';
let alive = true;
let durations: Durations;
const writers: FlightWriter[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-durations-'));
  alive = true;
  durations = openDurations({ runners: () => [runner()], nowMs: () => performance.now() });
});
afterEach(() => {
  durations.close();
  for (const writer of writers.splice(0)) writer.close(0);
  rmSync(dir, { recursive: true });
});

const ringPath = () => join(dir, 'r.ring');
const runner = () => ({ facts: { alive, assignment: { runnerId: 'r', ringPath: ringPath() } } });

function openWriter(path = ringPath()): FlightWriter {
  const identity = { runnerId: 'r', nodeId: 'n', instanceId: 'i', modelId: 'm', rank: 0, worldSize: 1, attempt: 1 };
  const writer = openRingWriter(path, { ...identity, bootId: id }, { rareCount: 8, memoryCount: 8, mainCount: 1024 });
  writers.push(writer);
  return writer;
}

function record(writer: FlightWriter, times: number): void {
  for (let i = 0; i < times; i += 1) {
    writer.record({ phase: 'decode_stream', kind: 'enter', event: 'enter' });
    writer.record({ phase: 'decode_stream', kind: 'exit', event: 'exit' });
  }
}

const decoded = () => durations.of('r')?.phases.get('decode_stream')?.count ?? 0;

test('what was before the first question is in its answer, and each phase counts once', async () => {
  const writer = openWriter();
  record(writer, 300);
  expect(durations.of('r'), 'nobody has asked').toBeNull();
  await durations.catchUp();
  expect(decoded()).toBe(300);
  record(writer, 100);
  await durations.catchUp();
  await durations.catchUp();
  expect(decoded()).toBe(400);
});

test('a recorder that is not there yet is looked for again', async () => {
  await durations.catchUp();
  expect(decoded()).toBe(0);
  record(openWriter(), 5);
  await durations.catchUp();
  expect(decoded()).toBe(5);
});

test('what was overwritten before it was read is told', async () => {
  const writer = openWriter();
  record(writer, 10);
  await durations.catchUp();
  record(writer, 2_000);
  await durations.catchUp();
  expect(durations.of('r')?.missed).toBe(4_000 - 1024);
  expect(decoded()).toBe(10 + 512);
});

test('another recorder in its place is counted from its beginning', async () => {
  record(openWriter(), 5);
  await durations.catchUp();
  record(openWriter(join(dir, 'new.ring')), 7);
  renameSync(join(dir, 'new.ring'), ringPath());
  // The first look finds it replaced, the second opens it.
  await durations.catchUp();
  await durations.catchUp();
  expect(decoded()).toBe(12);
});

test('a rank that has ended is forgotten', async () => {
  record(openWriter(), 5);
  await durations.catchUp();
  alive = false;
  await durations.catchUp();
  expect(durations.of('r')).toBeNull();
});
