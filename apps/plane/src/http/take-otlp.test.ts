import { gzipSync } from 'node:zlib';
import { createLog } from '@rankscope/daemon';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { manySpans, nowNs, traceRequest } from '../../../../test/support/otlp/otlp-request.ts';
import { otlpType } from '../../../../test/support/otlp/otlp-types.ts';
import { createLazyIntake } from '../control/intake/lazy-intake.ts';
import type { KeepRows } from '../control/intake/store-queue.ts';
import { takeOtlp } from './take-otlp.ts';

const log = createLog({ level: 'error', wallNs: () => nowNs, write: () => undefined });

function door(onBatch: KeepRows | null = null) {
  const nobody = () => false;
  const intake = createLazyIntake({ wallNs: () => nowNs, log, knowsRunner: nobody, expectsNode: nobody, onBatch });
  const app = new Hono();
  app.post('/v1/traces', (call) => takeOtlp(call, intake, 'traces'));
  const send = async (body: Uint8Array<ArrayBuffer> | string, headers: Record<string, string>) =>
    app.request('/v1/traces', { method: 'POST', body, headers });
  return { send, intake };
}

const protobuf = { 'content-type': 'application/x-protobuf' };
const json = { 'content-type': 'application/json' };
const gzip = { 'content-encoding': 'gzip' };
const bytes = (buffer: Buffer) => new Uint8Array(buffer);
const valid = traceRequest([{}]);

async function statusIn(response: Response): Promise<{ code: unknown; message: string }> {
  if (response.headers.get('content-type') === 'application/json')
    return (await response.json()) as { code: unknown; message: string };
  expect(response.headers.get('content-type')).toBe('application/x-protobuf');
  const { code, message } = otlpType('RpcStatus').decode(new Uint8Array(await response.arrayBuffer()));
  return { code, message: (message as Buffer).toString() };
}

test('spans are taken in both encodings, also compressed, and the answer is in the same', async () => {
  const { send, intake } = door();
  for (const [body, headers] of [
    [bytes(valid.protobuf), protobuf],
    [bytes(traceRequest([{}]).json), { 'content-type': 'application/json; charset=utf-8' }],
    [bytes(gzipSync(traceRequest([{}]).protobuf)), { ...protobuf, ...gzip }],
    [bytes(gzipSync(traceRequest([{}]).json)), { ...json, ...gzip }],
  ] as const) {
    const answer = await send(body, headers);
    expect(answer.status).toBe(200);
    const type = answer.headers.get('content-type') ?? '';
    expect(headers['content-type']).toContain(type);
    expect(await answer.text()).toBe(type === 'application/json' ? '{}' : '');
  }
  expect(intake.facts()?.spans).toMatchObject({ records: 4, shown: 4 });
});

test('what was rejected is said beside what was taken', async () => {
  const { send } = door();
  const request = traceRequest([{}, { startNs: 1n }]);
  const asJson = (await (await send(bytes(request.json), json)).json()) as { partialSuccess: Record<string, string> };
  expect(asJson.partialSuccess).toEqual({
    rejectedSpans: '1',
    errorMessage: expect.stringMatching(
      /^resourceSpans\[0\]\.scopeSpans\[0\]\.spans\[1\]: start_time_unix_nano is 1970/,
    ),
  });
  const answer = await send(bytes(traceRequest([{ startNs: 1n }]).protobuf), protobuf);
  expect(answer.status).toBe(200);
  const { partialSuccess } = otlpType('ExportTraceServiceResponse').decode(new Uint8Array(await answer.arrayBuffer()));
  expect(partialSuccess).toMatchObject({ rejectedSpans: 1n });
});

test.each([
  ['protobuf that is none', 'hello', protobuf, /byte \d+: /],
  ['JSON that is none', '{"resourceSpans": [}', json, /^the request: not JSON at byte 19$|byte 19: not JSON/],
  ['JSON of another shape', '{"resourceSpans": 7}', json, /^resourceSpans: a list is wanted, this is a number$/],
  ['gzip that is none', 'hello', { ...protobuf, ...gzip }, /^the body is not gzip: /],
  [
    'gzip that is cut',
    bytes(gzipSync(valid.protobuf).subarray(0, 40)),
    { ...json, ...gzip },
    /^the body is not gzip: /,
  ],
])('%s is a 400 that says where', async (_, body, headers, reason) => {
  const answer = await door().send(body, headers);
  expect(answer.status).toBe(400);
  expect(await statusIn(answer)).toEqual({ code: 3, message: expect.stringMatching(reason) });
});

test('other content types and encodings are not taken', async () => {
  const { send } = door();
  const html = await send('<html>', { 'content-type': 'text/html' });
  expect([html.status, html.headers.get('content-type')]).toEqual([415, 'application/problem+json']);
  expect(((await html.json()) as { detail: string }).detail).toMatch(
    /"text\/html" is not OTLP; send application\/x-protobuf/,
  );
  const zstd = await send(bytes(valid.protobuf), { ...protobuf, 'content-encoding': 'zstd' });
  expect(zstd.status).toBe(415);
  expect((await statusIn(zstd)).message).toMatch(/"zstd" is not taken; send gzip/);
});

test('a body that is small only as long as it is compressed is refused', async () => {
  const bomb = bytes(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
  expect(bomb.length).toBeLessThan(100_000);
  const answer = await door().send(bomb, { ...protobuf, ...gzip });
  expect(answer.status).toBe(413);
  expect((await statusIn(answer)).message).toMatch(/inflated, is larger than 16 MiB/);
});

test('when too much waits for the disk the sender is told when to come again', async () => {
  const { send } = door(() => new Promise(() => undefined));
  const perRequest = 66_000;
  for (const from of [0, perRequest])
    expect((await send(bytes(manySpans(perRequest, from)), protobuf)).status).toBe(200);
  const answer = await send(bytes(valid.protobuf), protobuf);
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await statusIn(answer)).code).toBe(14);
});
