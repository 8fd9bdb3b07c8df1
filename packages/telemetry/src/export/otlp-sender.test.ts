import { afterEach, expect, test } from 'vitest';
import { type OtlpSink, openOtlpSink } from '../../../../test/support/otlp-sink.ts';
import type { LogEvidence, SpanEvidence } from '../spans/evidence.ts';
import type { DeliveryLimits } from './delivery.ts';
import { loadOtlpSender } from './load-otlp-sender.ts';
import { parseOtlpSettings } from './otlp-settings.ts';
import { hostArchOf, rankResource } from './rank-resource.ts';

const sinks: OtlpSink[] = [];
afterEach(async () => {
  await Promise.all(sinks.splice(0).map((sink) => sink.close()));
});

const limits: DeliveryLimits = { queued: 100, batch: 10, lingerMs: 0, urgentMs: 0, firstRetryMs: 10, lastRetryMs: 50 };
const traceId = '0193a5c4aaaa70008000000000000001';
const identity = {
  runnerId: 'r1',
  nodeId: 'n',
  instanceId: 'i',
  modelId: 'm',
  rank: 1,
  worldSize: 2,
  attempt: 3,
  pid: 7,
};

async function openSender(env: Record<string, string> = {}, more: Partial<DeliveryLimits> = {}) {
  const sink = await openOtlpSink();
  sinks.push(sink);
  const { settings } = parseOtlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...env });
  if (settings === null) throw new Error('an endpoint is set');
  const troubles: string[] = [];
  const partial: string[] = [];
  const sender = await loadOtlpSender({
    settings,
    limits: { ...limits, ...more },
    onTrouble: (signal, reason) => troubles.push(`${signal}: ${reason}`),
    onPartial: (answer) => partial.push(answer),
  });
  const around = { hostName: 'h', hostArch: hostArchOf('x64'), more: { 'service.name': 'other', lab: 'a' } };
  return { sink, sender, troubles, partial, resource: sender.resource(rankResource(identity, 7, around)) };
}

const span = (n: number, more: Partial<SpanEvidence> = {}): SpanEvidence => ({
  by: 'rank',
  traceId,
  spanId: n.toString(16).padStart(16, '0'),
  parentSpanId: null,
  name: `span ${n}`,
  startNs: 1_700_000_000_123_456_789n,
  endNs: 1_700_000_001_123_456_790n,
  attributes: { 'rankscope.rank': 1 },
  links: [],
  error: null,
  anchorOf: null,
  ...more,
});

const log: LogEvidence = {
  traceId,
  spanId: '00000000000000aa',
  eventName: 'rankscope.rank.lost',
  severity: 'error',
  body: 'rank 1 is lost',
  atNs: 1_700_000_000_000_000_000n,
  attributes: { 'error.type': 'killed' },
};

test('evidence arrives as it is, under the rank’s own resource', async () => {
  const { sink, sender, resource } = await openSender({ OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=a' });
  const links = [{ traceId, spanId: '00000000000000bb' }];
  sender.pushSpan(span(1, { parentSpanId: '00000000000000cc', error: 'killed (signal SIGKILL)', links }), resource);
  sender.pushLog(log, resource);
  expect(await sender.flush(5_000)).toBe(true);
  expect(sink.spans).toMatchObject([
    {
      traceId,
      spanId: '0000000000000001',
      parentSpanId: '00000000000000cc',
      name: 'span 1',
      startNs: 1_700_000_000_123_456_789n,
      endNs: 1_700_000_001_123_456_790n,
      attributes: { 'rankscope.rank': 1 },
      status: 2,
      message: 'killed (signal SIGKILL)',
      links,
    },
  ]);
  expect(sink.spans[0]?.resource).toEqual({
    'service.name': 'rankscope-runner',
    'service.instance.id': expect.stringMatching(/^[0-9a-f-]{14}5[0-9a-f-]{21}$/),
    'host.name': 'h',
    'host.arch': 'amd64',
    'process.pid': 7,
    'rankscope.node.id': 'n',
    'rankscope.runner.id': 'r1',
    'rankscope.instance.id': 'i',
    'rankscope.model.id': 'm',
    'rankscope.rank': 1,
    'rankscope.world_size': 2,
    'rankscope.attempt': 3,
    lab: 'a',
  });
  expect(sink.logs).toMatchObject([
    { eventName: 'rankscope.rank.lost', body: 'rank 1 is lost', traceId, spanId: log.spanId },
  ]);
  expect(sink.requests.map(({ headers }) => headers['x-tenant'])).toEqual(['a', 'a']);
});

test('bodies are compressed when that is asked for', async () => {
  const { sink, sender, resource } = await openSender({ OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' });
  sender.pushSpan(span(1), resource);
  expect(await sender.flush(5_000)).toBe(true);
  expect(sink.requests[0]?.headers['content-encoding']).toBe('gzip');
  expect(sink.spans).toHaveLength(1);
});

test('a refusal is told with the receiver’s own words, and does not stop the other signal', async () => {
  const { sink, sender, resource, troubles } = await openSender();
  sink.answerWith({ status: 401, body: 'who are you?' });
  sender.pushSpan(span(1), resource);
  await expect.poll(() => sender.facts().traces?.failed).toBe(1);
  expect(troubles[0]).toMatch(/^traces: http:\S+\/v1\/traces answered HTTP 401 Unauthorized: who are you\?$/);
  sink.answerWith(null);
  sender.pushLog(log, resource);
  sender.pushSpan(span(2), resource);
  await expect.poll(() => sender.facts()).toMatchObject({ traces: { exported: 1, failed: 1 }, logs: { exported: 1 } });
  expect(troubles.at(-1)).toBe('traces: null');
});

test('a receiver that is away gets everything when it is back', async () => {
  const { sink, sender, resource, troubles } = await openSender({ OTEL_EXPORTER_OTLP_TIMEOUT: '500' });
  await sink.close();
  for (let n = 1; n <= 25; n += 1) sender.pushSpan(span(n), resource);
  await expect.poll(() => troubles.length, { timeout: 5_000 }).toBe(1);
  expect(troubles[0]).toMatch(/does not take anything: .*ECONNREFUSED/);
  expect(sender.facts().traces).toMatchObject({
    queued: 25,
    exported: 0,
    trouble: expect.stringContaining('ECONNREFUSED'),
  });
  await sink.open();
  await expect.poll(() => sink.spans.length, { timeout: 5_000 }).toBe(25);
  expect(sink.spans.map(({ name }) => name)).toEqual(Array.from({ length: 25 }, (_, n) => `span ${n + 1}`));
});

test('one that stays away costs the oldest, which are counted', async () => {
  const { sink, sender, resource } = await openSender({ OTEL_EXPORTER_OTLP_TIMEOUT: '200' }, { queued: 20 });
  await sink.close();
  for (let n = 1; n <= 50; n += 1) sender.pushSpan(span(n), resource);
  expect(sender.facts().traces).toMatchObject({ queued: 20, dropped: 30 });
  await sink.open();
  await expect.poll(() => sink.spans.length, { timeout: 5_000 }).toBe(20);
  expect(sink.spans.at(-1)?.name).toBe('span 50');
});

test('what a receiver took only in part is counted as failed', async () => {
  const { sink, sender, resource, partial } = await openSender();
  const body = JSON.stringify({ partialSuccess: { rejectedSpans: '2', errorMessage: 'too old' } });
  sink.answerWith({ status: 200, body });
  for (let n = 1; n <= 5; n += 1) sender.pushSpan(span(n), resource);
  await expect.poll(() => sender.facts().traces).toMatchObject({ exported: 3, failed: 2 });
  expect(partial.join()).toContain('too old');
});
