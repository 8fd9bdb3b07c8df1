import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBootId } from '@rankscope/daemon';
import { openRingWriter } from '@rankscope/flight-recorder';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type OtlpSink, openOtlpSink, traceFaults } from '../../../../test/support/otlp-sink.ts';
import { runCommand } from '../run-command.ts';
import type { Terminal } from '../terminal.ts';

let dir = '';
let sink: OtlpSink;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-export-'));
  sink = await openOtlpSink();
});
afterEach(async () => {
  await sink.close();
  rmSync(dir, { recursive: true });
});

const identity = { runnerId: 'r1', nodeId: 'n', instanceId: 'i', modelId: 'm', rank: 1, worldSize: 2, attempt: 1 };
const ids = { taskId: '01a20fb7-b532-7fc7-8000-0000000000aa', commandId: '01a20fb7-b532-7fc7-8000-000000000001' };

/** A recorder of this very process, which lives, or of another boot, whose writer is gone. */
function writeRing(bootId: string, name = 'r1.ring') {
  const writer = openRingWriter(
    join(dir, name),
    { ...identity, bootId },
    { rareCount: 64, memoryCount: 16, mainCount: 16_384 },
  );
  writer.setTask(ids);
  writer.record({ phase: 'task_submission', kind: 'mark', event: 'task_begin', rare: true });
  writer.record({ phase: 'decode_barrier', kind: 'enter', event: 'enter' });
  return writer;
}
const otherBoot = '00000000-0000-4000-8000-000000000001';

async function rankscope(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal: Terminal = {
    ...{ isTty: false, canAsk: false, columns: 100, rows: Infinity },
    print: (line) => void out.push(line),
    write: (text) => void out.push(text),
    tell: (line) => void err.push(line),
    status: (text) => void err.push(text),
    style: (_, text) => text,
  };
  const code = await runCommand(args, terminal);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

test('what a dead runner recorded is sent, its end too, and no parent is missing', async () => {
  writeRing(otherBoot);
  const { code, out } = await rankscope('export', join(dir, 'r1.ring'), '--endpoint', sink.url);
  expect(out).toBe(`3 spans and 1 log records of rank 1 of 2, instance i, attempt 1 sent to ${sink.url}/v1/traces`);
  expect(code).toBe(0);
  expect(sink.spans.map(({ name, parentSpanId }) => [name, parentSpanId === null])).toEqual([
    ['rank 1', true],
    ['rank 1', true],
    ['decode_barrier', false],
  ]);
  expect(sink.spans[2]?.attributes).toMatchObject({ 'error.type': 'killed', 'rankscope.span.state': 'lost' });
  expect(traceFaults(sink.spans)).toEqual([]);
});

test('sent again it is the same spans', async () => {
  writeRing(otherBoot);
  for (let i = 0; i < 2; i += 1)
    expect((await rankscope('export', join(dir, 'r1.ring'), '--endpoint', sink.url)).code).toBe(0);
  const [first, second] = [sink.spans.slice(0, 3), sink.spans.slice(3)];
  expect(second.map((span) => ({ ...span, atMs: 0 }))).toEqual(first.map((span) => ({ ...span, atMs: 0 })));
});

test('a recorder of which more is to be sent than may wait at once is sent whole', async () => {
  const writer = writeRing(otherBoot);
  for (let i = 0; i < 9_000; i += 1) {
    writer.record({ phase: 'completion', kind: 'mark', event: 'error', detail: 'bad_request: no' });
  }
  expect((await rankscope('export', join(dir, 'r1.ring'), '--endpoint', sink.url)).code).toBe(0);
  expect(sink.spans).toHaveLength(9_003);
});

test('a runner that lives is left in its phase, and followed to its end when that is wanted', async () => {
  const writer = writeRing(readBootId());
  const once = await rankscope('export', join(dir, 'r1.ring'), '--endpoint', sink.url);
  expect(once.out).toMatch(/^2 spans and 0 log records/);
  const following = rankscope('export', join(dir, 'r1.ring'), '--endpoint', sink.url, '--follow');
  await expect.poll(() => sink.spans.length, { timeout: 5_000 }).toBe(4);
  writer.record({ phase: 'decode_barrier', kind: 'exit', event: 'exception', detail: 'peer_lost: rank 0' });
  await expect.poll(() => sink.spans.at(-1)?.name, { timeout: 5_000 }).toBe('decode_barrier');
  process.emit('SIGINT');
  expect((await following).code).toBe(0);
  writer.close(0);
});

test('what cannot be done is said in a sentence', async () => {
  writeFileSync(join(dir, 'note.ring'), 'no ring at all');
  writeRing(otherBoot);
  const ring = join(dir, 'r1.ring');
  for (const [args, code, sentence] of [
    [[], 2, /export takes one recorder/],
    [[ring], 2, /where to\? name a receiver with --endpoint/],
    [[ring, '--endpoint', 'a:1'], 2, /--endpoint "a:1" is not an address like http/],
    [[join(dir, 'none.ring'), '--endpoint', sink.url], 1, /none\.ring cannot be exported: ENOENT/],
    [[join(dir, 'note.ring'), '--endpoint', sink.url], 1, /note\.ring cannot be exported: .*are no ring file/],
    [[dir, '--endpoint', sink.url], 1, /cannot be exported: EISDIR/],
    [[join(dir, 'r1.supervisor.ring'), '--endpoint', sink.url], 2, /name the rank's own, .*r1\.ring/],
  ] as const) {
    const said = await rankscope('export', ...args);
    expect([said.code, said.err]).toEqual([code, expect.stringMatching(sentence)]);
  }
});

test('a receiver’s refusal is passed on with its own words', async () => {
  writeRing(otherBoot);
  sink.answerWith({ status: 403, body: 'this tenant may not' });
  const { code, err } = await rankscope('export', join(dir, 'r1.ring'), '--endpoint', sink.url);
  expect(code).toBe(1);
  expect(err).toMatch(/\/v1\/traces answered HTTP 403 Forbidden: this tenant may not/);
});

test('a receiver that is not there is said to be that, and one for traces alone is enough', async () => {
  writeRing(otherBoot);
  const gone = await openOtlpSink();
  await gone.close();
  process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '300';
  try {
    const { code, err } = await rankscope('export', join(dir, 'r1.ring'), '--endpoint', gone.url);
    expect([code, err]).toEqual([1, expect.stringMatching(/does not take anything: .*ECONNREFUSED/)]);
  } finally {
    delete process.env.OTEL_EXPORTER_OTLP_TIMEOUT;
  }
});
