import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlightRecord, openRingReader, openRingWriter } from '@rankscope/flight-recorder';
import { Attrs, entryAttrs } from '@rankscope/schema';
import { afterAll, expect, test } from 'vitest';
import { wireEntry } from './wire-entry.ts';

const dir = mkdtempSync(join(tmpdir(), 'rankscope-wire-'));
afterAll(() => rmSync(dir, { recursive: true }));

const identity = {
  runnerId: 'r',
  nodeId: 'n',
  instanceId: 'i',
  modelId: 'm',
  rank: 0,
  worldSize: 1,
  attempt: 1,
  bootId: '8c6f5b7e-5c0e-4d7e-9d0e-3f4f0f5b9f10',
};
const sentence = 'The model could not be loaded: /models/llama/config.json has no field num_hidden_layers.';

/** What crosses the wire of one record. */
function wired(record: Partial<FlightRecord>, stringsBytes = 8192) {
  const path = join(dir, 'one.ring');
  const writer = openRingWriter(path, identity, { rareCount: 8, memoryCount: 8, mainCount: 64, stringsBytes });
  writer.record({ phase: 'error', kind: 'mark', event: 'error', ...record });
  writer.close(0);
  const reader = openRingReader(path);
  const [entry] = reader.read({ next: 0 }).entries;
  reader.close();
  if (entry === undefined) throw new Error('no entry');
  return wireEntry(entry, { wallAtNs: (ns) => ns, source: null, dropped: 0 });
}

test('a long text crosses whole; one that its recorder could not keep ends in an ellipsis', () => {
  expect(wired({ detail: sentence }).detail).toBe(sentence);
  expect(wired({ detail: sentence }, 0).detail).toBe(`${sentence.slice(0, 32)}…`);
});

test('what a runner attaches stands beside what the recorder knows', () => {
  const given = { exitCode: 11, ratio: 0.5, wanted: false, links: ['a', 'b'] };
  const { detail, attrs } = wired({ attrs: given, op: 'all_sum', barrierSeq: 7, a: 64 });
  expect(detail).toBe('all_sum 7');
  expect(attrs).toMatchObject({ ...given, seq: 0, op: 'all_sum', barrierSeq: 7, bytes: 64 });
  expect(Attrs.safeParse(attrs).success).toBe(true);
  expect(attrs).not.toHaveProperty('attrsLost');
});

test('no runner can claim a number, a collective or a source that its slot does not have', () => {
  const reserved = Object.fromEntries(Object.keys(entryAttrs).map((name) => [name, 'claimed']));
  const { attrs } = wired({ attrs: { ...reserved, mine: 1 } });
  const { monoNs, ...rest } = attrs;
  expect(rest).toEqual({ seq: 0, mine: 1, attrsLost: true });
  expect(monoNs).toMatch(/^\d+$/);
});

test('attributes that found no room are said to be lost', () => {
  expect(wired({ detail: 'short', attrs: { mine: 1 } }, 0).attrs).toMatchObject({ attrsLost: true });
  expect(wired({ detail: 'short' }, 0).attrs).not.toHaveProperty('attrsLost');
});
