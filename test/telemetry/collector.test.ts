import { spawnSync } from 'node:child_process';
import { afterEach, expect } from 'vitest';
import { collectorConfig } from '../../apps/cli/bootstrap/stack/plan-collector.ts';
import { createJaegerClient } from '../support/jaeger-client.ts';
import { makeSpans, sendEvent, senderService, sendSpans } from '../support/otlp-sender.ts';
import { refusedPeer } from '../support/plane-bad-peers.ts';
import { type OtlpSink, openOtlpSink, type SinkSpan } from '../support/span-sink.ts';
import { stackPrograms, startCollector, startJaeger, testWith } from '../support/stack.ts';

const opened: (() => Promise<void>)[] = [];
const open = <T>(part: T, close: (part: T) => Promise<void>): T => {
  opened.push(() => close(part));
  return part;
};
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});
const openSink = async (port = 0) => open(await openOtlpSink(port), (sink) => sink.close());
const openJaeger = async () => open(await startJaeger(), (jaeger) => jaeger.stop());
const openCollector = async (to: Parameters<typeof startCollector>[0]) =>
  open(await startCollector(to), (collector) => collector.stop());

/** How many of the spans have not arrived. */
const missing = (sink: OtlpSink, sent: readonly SinkSpan[]) => {
  const arrived = new Set(sink.spans().map(({ spanId }) => spanId));
  return sent.filter(({ spanId }) => !arrived.has(spanId)).length;
};
const portOf = (url: string) => Number(new URL(url).port);

testWith(['collector'], 'the committed configuration is valid', async () => {
  const { collector } = stackPrograms;
  if (collector.kind === 'absent') throw new Error(collector.reason);
  const { status, stderr, stdout } = spawnSync(collector.path, ['validate', '--config', collectorConfig], {
    encoding: 'utf8',
  });
  expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: '' });
});

testWith(['collector', 'jaeger'], 'a span reaches the plane and Jaeger, a log record the plane', async () => {
  const [sink, jaeger] = await Promise.all([openSink(), openJaeger()]);
  const collector = await openCollector({ planeUrl: sink.url, jaegerPort: jaeger.otlpGrpcPort });
  const [span] = makeSpans(1, 'decode_barrier');
  if (span === undefined) throw new RangeError('no span was made');
  await sendSpans(collector.otlpUrl, [span]);
  await sendEvent(collector.otlpUrl, 'rankscope.rank.lost');
  await expect
    .poll(() => ({ spans: sink.spans(), events: sink.events() }), { timeout: 10_000 })
    .toEqual({
      spans: [span],
      events: ['rankscope.rank.lost'],
    });
  const client = createJaegerClient(jaeger.url);
  await expect.poll(() => client.trace(span.traceId), { timeout: 10_000 }).toMatchObject([span]);
  expect(await client.services()).toEqual([senderService]);
  expect(await client.search({ service: senderService, operation: 'decode_barrier' })).toMatchObject([span]);
  expect(await client.search({ service: senderService, minDuration: '1s' })).toEqual([]);
  expect(await client.searchOlder({ service: senderService, minDuration: '1ms' })).toEqual([span.traceId]);
  // An old name of a component still works and says so here.
  expect(collector.log()).not.toContain('deprecated');
});

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  testWith(['collector'], `while the plane is away ${signal} costs nothing that was answered for`, async () => {
    const away = await refusedPeer();
    const collector = await openCollector({ planeUrl: away.url, jaegerPort: null });
    const sent: SinkSpan[] = [];
    for (let batch = 0; batch < 20; batch += 1) {
      const spans = makeSpans(100, 'decode_stream');
      await sendSpans(collector.otlpUrl, spans);
      sent.push(...spans);
    }
    // Right after the last answer: nothing may be in memory alone.
    await collector.kill(signal);
    await collector.start();
    const sink = await openSink(portOf(away.url));
    await expect.poll(() => missing(sink, sent), { timeout: 30_000 }).toBe(0);
  });
}

testWith(['collector'], 'a dead Jaeger does not hold up the plane, nor make anybody send twice', async () => {
  const sink = await openSink();
  const away = await refusedPeer();
  const collector = await openCollector({ planeUrl: sink.url, jaegerPort: portOf(away.url) });
  const sent = makeSpans(1_000, 'decode_stream');
  for (let at = 0; at < sent.length; at += 10) await sendSpans(collector.otlpUrl, sent.slice(at, at + 10));
  await expect.poll(() => missing(sink, sent), { timeout: 10_000 }).toBe(0);
  expect(sink.spans()).toHaveLength(sent.length);
});

testWith(['collector', 'jaeger'], 'a plane that is away does not hold up Jaeger', async () => {
  const [away, jaeger] = await Promise.all([refusedPeer(), openJaeger()]);
  const collector = await openCollector({ planeUrl: away.url, jaegerPort: jaeger.otlpGrpcPort });
  const sent = makeSpans(500, 'decode_stream');
  await sendSpans(collector.otlpUrl, sent);
  const client = createJaegerClient(jaeger.url);
  await expect
    .poll(async () => (await client.trace(sent[0]?.traceId ?? '')).length, { timeout: 10_000 })
    .toBe(sent.length);
  const metrics = await (await fetch(collector.metricsUrl)).text();
  const waiting = /^otelcol_exporter_queue_size\{data_type="traces",exporter="otlp_http\/plane"\} (\S+)/m.exec(
    metrics,
  )?.[1];
  expect(Number(waiting), metrics).toBeGreaterThan(0);
});
