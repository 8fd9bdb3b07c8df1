import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manySpans, type SaidSpan, traceRequest } from '../support/otlp/otlp-request.ts';
import { otlpType } from '../support/otlp/otlp-types.ts';
import { damage, Random } from '../support/otlp/random-otlp.ts';
import { sendEndless, sendOtlp } from '../support/otlp/send-otlp.ts';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { timelineOf } from '../support/plane-requests.ts';

let plane: StartedPlane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane.stop());

const mebibyte = 1024 * 1024;
const gzip = { 'content-encoding': 'gzip' };
const startNs = BigInt(Date.now() - 60_000) * 1_000_000n;
const valid = (rank: number, more: SaidSpan = {}) =>
  traceRequest([{ startNs, ...more }], { 'rankscope.rank': rank, 'service.name': 'bad-input' }).protobuf;
const messageOf = (body: Buffer) => String(otlpType('RpcStatus').decode(body).message);

/** Most memory that the plane has ever had, in bytes. */
const peakBytes = () => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${plane.pid}/status`, 'utf8'))?.[1]) * 1024;

/** The plane takes a valid span and shows it, whatever it was sent before. */
async function expectWell(rank: number): Promise<void> {
  expect((await sendOtlp(plane.url, valid(rank))).status).toBe(200);
  const { runners } = await timelineOf(plane.url);
  expect(runners.map(({ deviceRank }) => deviceRank)).toContain(rank);
}

test('bodies that are malformed or cut anywhere are refused with the place, never with a 500', async () => {
  const whole = valid(0);
  const random = new Random(1);
  const bodies = [
    ...Array.from({ length: whole.length - 1 }, (_, length) => whole.subarray(0, length + 1)),
    ...Array.from({ length: 300 }, () => damage(whole, random)),
  ];
  const statuses = new Map<number, number>();
  for (const body of bodies) {
    const { status, body: answer } = await sendOtlp(plane.url, body);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 400) expect(messageOf(answer)).toMatch(/byte \d+: /);
  }
  expect([...statuses.keys()].sort()).toEqual([200, 400]);
  expect(statuses.get(400)).toBeGreaterThan(100);
  await expectWell(1);
});

test('a gzip bomb costs no more than the bound and is refused', async () => {
  await expectWell(2);
  const before = peakBytes();
  const bomb = bombOf(4096 * mebibyte);
  expect(bomb.length).toBeLessThan(8 * mebibyte);
  const replies = await Promise.all(Array.from({ length: 4 }, () => sendOtlp(plane.url, bomb, { headers: gzip })));
  expect(replies.map(({ status }) => status)).toEqual([413, 413, 413, 413]);
  expect(peakBytes() - before).toBeLessThan(200 * mebibyte);
  await expectWell(2);
});

test('a body of 1 GiB is cut off early, with and without a length', async () => {
  const before = peakBytes();
  const gibibyte = 1024 * mebibyte;
  const chunked = await sendEndless(plane.url, gibibyte);
  expect(chunked.status).toBe(413);
  expect(chunked.sentBytes).toBeLessThan(gibibyte / 4);
  expect(messageOf(chunked.body)).toMatch(/larger than 16 MiB/);
  const said = await sendEndless(plane.url, gibibyte, { headers: { 'content-length': gibibyte } });
  expect(said.status).toBe(413);
  expect(said.sentBytes).toBeLessThan(gibibyte / 4);
  expect(peakBytes() - before).toBeLessThan(150 * mebibyte);
  await expectWell(3);
});

test('JSON that is small as text and large as objects is refused', async () => {
  const json = { 'content-type': 'application/json' };
  const before = peakBytes();
  for (const text of ['['.repeat(10 * mebibyte), `{"resourceSpans":[${'{},'.repeat(5 * mebibyte)}{}]}`]) {
    const { status, body } = await sendOtlp(plane.url, Buffer.from(text), { headers: json });
    expect(status).toBe(400);
    expect(JSON.parse(body.toString())).toMatchObject({
      code: 3,
      message: expect.stringMatching(/^the request, byte \d+: more than/),
    });
  }
  expect(peakBytes() - before).toBeLessThan(150 * mebibyte);
  await expectWell(4);
});

test('odd spans are rejected one by one, and the valid ones beside them are shown', async () => {
  const odd: SaidSpan[] = [
    { startNs: 1_000_000_000n, endNs: 2_000_000_000n },
    { startNs, endNs: 2n ** 64n - 1n },
    { startNs, endNs: startNs - 1n },
    { startNs, spanId: '' },
  ];
  const spans: SaidSpan[] = [
    { startNs, name: 'prefill_stream' },
    ...odd,
    { startNs, endNs: 0n, name: 'decode_stream', spanId: '00000000000000e1' },
    { startNs, name: 'decode_stream', spanId: '00000000000000e1' },
    { startNs, name: 'decode_stream', spanId: '00000000000000e1' },
    { startNs, name: 'parser', attributes: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`a${i}`, i])) },
  ];
  const { protobuf } = traceRequest(spans, { 'rankscope.rank': 5, 'service.name': 'bad-input' });
  const { status, body } = await sendOtlp(plane.url, protobuf);
  expect(status).toBe(200);
  const { partialSuccess } = otlpType('ExportTraceServiceResponse').decode(body);
  const { rejectedSpans, errorMessage } = partialSuccess as { rejectedSpans: bigint; errorMessage: Buffer };
  expect(rejectedSpans).toBe(BigInt(odd.length));
  expect(errorMessage.toString()).toMatch(
    /spans\[1\]: .*1970.*spans\[2\]: .*2554.*spans\[3\]: .*before the start.*spans\[4\]: span_id/,
  );
  const { timeline } = await timelineOf(plane.url);
  const shown = timeline.filter(({ deviceRank }) => deviceRank === 5).map(({ phase, event }) => `${phase} ${event}`);
  expect(shown.sort()).toEqual([
    'decode_stream enter',
    'decode_stream exit',
    'parser enter',
    'parser exit',
    'prefill_stream enter',
    'prefill_stream exit',
  ]);
});

test('many full bodies at once are taken or told to come again, in bounded memory', async () => {
  const before = peakBytes();
  const bodies = Array.from({ length: 12 }, (_, i) => manySpans(60_000, i * 60_000));
  const replies = await Promise.all(bodies.map((body) => sendOtlp(plane.url, body, { withinMs: 60_000 })));
  expect([200, 429, 503]).toEqual(expect.arrayContaining(replies.map(({ status }) => status)));
  for (const { status, headers } of replies)
    if (status !== 200) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect(peakBytes() - before).toBeLessThan(700 * mebibyte);
  await expectWell(6);
});

test('other types are refused by name', async () => {
  const html = await sendOtlp(plane.url, Buffer.from('<html>'), { headers: { 'content-type': 'text/html' } });
  expect(html.status).toBe(415);
  const zstd = await sendOtlp(plane.url, valid(0), { headers: { 'content-encoding': 'zstd' } });
  expect(zstd.status).toBe(415);
  expect((await sendOtlp(plane.url, gzipSync(valid(7)), { headers: gzip })).status).toBe(200);
});

/** So many zeros. Members of gzip that stand one behind the other are one stream, so one is enough to make them all. */
function bombOf(bytes: number): Buffer {
  const member = gzipSync(Buffer.alloc(16 * mebibyte));
  return Buffer.concat(Array.from({ length: bytes / (16 * mebibyte) }, () => member));
}
