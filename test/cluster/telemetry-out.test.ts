import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type OtlpSink, openOtlpSink, type ReceivedSpan, traceFaults } from '../support/otlp-sink.ts';
import { type PlaneOptions, type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { chatBody, eventually, post, timelineOf } from '../support/plane-requests.ts';
import { nativeIsBuilt } from '../support/runner-subjects.ts';

const planes: StartedPlane[] = [];
const sinks: OtlpSink[] = [];
afterEach(async () => {
  await Promise.all(planes.splice(0).map((plane) => plane.stop()));
  await Promise.all(sinks.splice(0).map((sink) => sink.close()));
});

const simulated = ['--engine', 'simulated', '--model', 'tiny', '--ranks', '2'];

async function start({ args = simulated, env = {}, ...more }: PlaneOptions = {}) {
  const sink = await openOtlpSink();
  sinks.push(sink);
  const plane = await startPlane({ args, env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...env }, ...more });
  planes.push(plane);
  return { sink, plane };
}

const inject = (plane: StartedPlane, fault: object) => post(`${plane.url}/v1/diagnostics/node/inject`, fault);

/** Asks, and gives the trace id that the answer's header stands for. */
async function ask(plane: StartedPlane, more: object = {}): Promise<{ traceId: string; response: Response }> {
  const response = await post(`${plane.url}/v1/chat/completions`, chatBody(more));
  return { traceId: (response.headers.get('x-rankscope-command-id') ?? '').replaceAll('-', ''), response };
}

const untilSpans = (sink: OtlpSink, holds: (spans: readonly ReceivedSpan[]) => boolean, withinMs = 15_000) =>
  eventually(() => Promise.resolve(sink.spans), holds, withinMs);
const named = (spans: readonly ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);

test('the id in the answer’s header is the trace in which all ranks stand under one command', async () => {
  const { sink, plane } = await start();
  const { traceId, response } = await ask(plane, { max_tokens: 4 });
  expect(response.status).toBe(200);
  await response.text();
  const of = (spans: readonly ReceivedSpan[]) => spans.filter((span) => span.traceId === traceId);
  const spans = of(
    await untilSpans(sink, (all) => named(of(all), 'task').length === 2 && named(of(all), 'chat tiny').length === 1),
  );

  const [root] = named(spans, 'command chat');
  expect(root).toMatchObject({ parentSpanId: null, resource: { 'service.name': 'rankscope-plane' } });
  expect(Number((root?.endNs ?? 0n) - (root?.startNs ?? 0n))).toBe(1_000);
  for (const rank of [0, 1]) {
    const [anchor] = named(spans, `rank ${rank}`);
    expect(anchor).toMatchObject({
      parentSpanId: root?.spanId,
      resource: { 'service.name': 'rankscope-runner', 'rankscope.rank': rank },
    });
    const phases = spans.filter(({ parentSpanId }) => parentSpanId === anchor?.spanId);
    expect(phases.map(({ name }) => name)).toEqual(expect.arrayContaining(['decode_stream', 'task']));
  }
  const [serving] = named(spans, 'chat tiny');
  expect(serving?.parentSpanId).toBe(root?.spanId);
  expect(serving?.attributes).toMatchObject({ 'gen_ai.operation.name': 'chat', 'gen_ai.usage.output_tokens': 4 });
  const others = spans.filter((span) => span !== serving);
  expect(others.flatMap(({ attributes }) => Object.keys(attributes)).filter((key) => key.startsWith('gen_ai'))).toEqual(
    [],
  );

  const request = sink.spans.find(({ name }) => name === 'POST /v1/chat/completions');
  expect(request?.attributes).toMatchObject({ 'http.route': '/v1/chat/completions', 'http.response.status_code': 200 });
  expect(traceFaults(sink.spans)).toEqual([]);
});

test('what belongs to no command stands in the trace of the attempt, whose root is the instance', async () => {
  const { sink, plane } = await start();
  await (await ask(plane, { max_tokens: 2 })).response.text();
  const isIdle = ({ name }: ReceivedSpan) => name === 'idle';
  const spans = await untilSpans(sink, (all) => all.filter(isIdle).length >= 2);
  const root = spans.find(({ name }) => /^instance \S+ attempt 1$/.test(name));
  expect(root?.resource['service.name']).toBe('rankscope-plane');
  const life = spans.filter(({ traceId }) => traceId === root?.traceId);
  for (const name of ['created', 'connect_group', 'load_model', 'warmup', 'idle'])
    expect(named(life, name).length, name).toBeGreaterThanOrEqual(2);
  expect(named(life, 'rank 0')[0]?.parentSpanId).toBe(root?.spanId);
  expect(named(life, 'rank 1')[0]?.parentSpanId).toBe(root?.spanId);
});

function hangAndKill(what: string, args: readonly string[], ask1: object) {
  test(`a hang is told of while it lasts, and its end is one failed span, ${what}`, async () => {
    const { sink, plane } = await start({ args });
    const gone = new AbortController();
    const response = await post(
      `${plane.url}/v1/chat/completions`,
      chatBody({ max_tokens: 2_000, stream: true, ...ask1 }),
      gone.signal,
    );
    const traceId = (response.headers.get('x-rankscope-command-id') ?? '').replaceAll('-', '');
    await response.body?.getReader().read();
    expect((await inject(plane, { kind: 'hang', rank: 1, at: 'decode_stream' })).status).toBe(200);
    const hungAt = Date.now();
    const markersOf = (all: readonly ReceivedSpan[], rank: number) =>
      all.filter(
        (span) => span.attributes['rankscope.span.state'] === 'in_progress' && span.resource['rankscope.rank'] === rank,
      );
    const during = await untilSpans(sink, (all) => markersOf(all, 1).length > 0 && markersOf(all, 0).length > 0);
    const [marker] = markersOf(during, 1);
    // 5 s after it began, and a look and a delivery later.
    expect((marker?.atMs ?? 0) - hungAt).toBeLessThan(8_000);
    expect(marker?.name).toMatch(/^decode_\w+ \(in progress\)$/);
    expect(marker).toMatchObject({ traceId, attributes: { 'rankscope.stall.count': 1 } });
    expect(Number((marker?.endNs ?? 0n) - (marker?.startNs ?? 0n))).toBe(5e9);
    await expect.poll(() => sink.logs.map(({ eventName }) => eventName)).toContain('rankscope.phase.stalled');

    await inject(plane, { kind: 'kill', rank: 1 });
    const lostOf = (all: readonly ReceivedSpan[], rank: number) =>
      all.filter(
        (span) => span.attributes['rankscope.span.state'] === 'lost' && span.resource['rankscope.rank'] === rank,
      );
    const after = await untilSpans(sink, (all) => lostOf(all, 1).length > 0 && lostOf(all, 0).length > 0);
    const lost = lostOf(after, 1);
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatchObject({
      traceId,
      spanId: marker?.links[0]?.spanId,
      startNs: marker?.startNs,
      status: 2,
      attributes: { 'error.type': 'killed_after_hang' },
    });
    expect(lostOf(after, 0)[0]?.attributes['error.type']).toBe('peer_lost');
    await expect.poll(() => sink.logs.filter(({ eventName }) => eventName === 'rankscope.rank.lost').length).toBe(2);
    gone.abort();
    await plane.stop();
    expect(traceFaults(sink.spans)).toEqual([]);
    const links = sink.spans.flatMap((span) => span.links.map(({ spanId }) => spanId));
    const ids = new Set(sink.spans.map(({ spanId }) => spanId));
    expect(links.filter((spanId) => !ids.has(spanId))).toEqual([]);
  });
}

hangAndKill('simulated', simulated, {});
if (nativeIsBuilt) hangAndKill('MLX, tiny', ['--model', 'tiny', '--ranks', '2'], {});
else
  test.skip('a hang is told of while it lasts, MLX: the native core is not built, run `npm run native`', () =>
    undefined);

test('without an endpoint nothing of OpenTelemetry is loaded', async () => {
  const preload = new URL('../support/no-opentelemetry.mjs', import.meta.url);
  const plane = await startPlane({ args: simulated, env: { NODE_OPTIONS: `--import=${preload.href}` } });
  planes.push(plane);
  expect((await ask(plane, { max_tokens: 2 })).response.status).toBe(200);
  // The preload works: with an endpoint such a plane cannot start.
  const env = { NODE_OPTIONS: `--import=${preload.href}`, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
  await expect(startPlane({ args: ['--no-model'], env })).rejects.toThrow(/opentelemetry\S* was loaded/);
});

test('a receiver that is away costs nobody anything, and gets what it missed when it is back', async () => {
  const { sink, plane } = await start({ env: { OTEL_EXPORTER_OTLP_TIMEOUT: '1000' } });
  await untilSpans(sink, (all) => all.length > 0);
  await sink.close();
  const away = performance.now();
  const asked: string[] = [];
  while (performance.now() - away < 10_000) {
    const { traceId, response } = await ask(plane, { max_tokens: 8 });
    expect(response.status).toBe(200);
    asked.push(traceId);
  }
  expect(plane.log()).toMatch(/warn the OTLP receiver does not take .*signal=traces.*ECONNREFUSED/);
  await sink.open();
  const all = await untilSpans(sink, (spans) => asked.every((traceId) => tasksOf(spans, traceId) === 2), 20_000);
  expect(plane.log()).toMatch(/info the OTLP receiver takes what is sent again signal=traces .*dropped=0 failed=0/);
  expect(traceFaults(all)).toEqual([]);
});

const tasksOf = (spans: readonly ReceivedSpan[], traceId: string) =>
  named(spans, 'task').filter((span) => span.traceId === traceId).length;

test('a plane that was killed leaves its ranks’ ends to the next, which says nothing twice that had arrived', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'rankscope-out-'));
  try {
    const { sink, plane } = await start({ dataDir });
    // The answer lasts for seconds, so that the kill falls into it.
    expect((await inject(plane, { kind: 'delay', rank: 1, delayMs: 400, at: 'decode_stream' })).status).toBe(200);
    const { response } = await ask(plane, { max_tokens: 2_000, stream: true });
    const traceId = (response.headers.get('x-rankscope-command-id') ?? '').replaceAll('-', '');
    await untilSpans(sink, (all) => all.some((span) => span.traceId === traceId && span.name === 'decode_stream'));
    process.kill(plane.pid, 'SIGKILL');
    await response.body?.cancel();
    const before = sink.spans.length;
    const next = await startPlane({ args: ['--no-model'], dataDir, env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } });
    planes.push(next);
    const lost = (spans: readonly ReceivedSpan[]) =>
      spans.filter((span) => span.attributes['rankscope.span.state'] === 'lost');
    const spans = await untilSpans(sink, (all) => lost(all).filter((span) => span.traceId === traceId).length === 2);
    expect(lost(spans).map(({ attributes }) => attributes['error.type'])).toEqual(['exited', 'exited']);
    // At most the last batch comes again, and as it was.
    const early = new Map(spans.slice(0, before).map((span) => [span.spanId, span]));
    const again = spans.slice(before).filter(({ spanId }) => early.has(spanId));
    for (const span of again) expect({ ...span, atMs: 0 }).toEqual({ ...early.get(span.spanId), atMs: 0 });
    const once = spans.filter((span, at) => at < before || !early.has(span.spanId));
    expect(traceFaults(once)).toEqual([]);
    await next.stop();
    expect(readdirSync(join(dataDir, 'export'))).toEqual(['commands.jsonl']);
    expect(statSync(join(dataDir, 'export/commands.jsonl')).size).toBe(0);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test('a stopped rank that is killed while it rests was hung, and its spans say so', async () => {
  const { sink, plane } = await start();
  await inject(plane, { kind: 'stop', rank: 1 });
  await eventually(
    () => timelineOf(plane.url),
    ({ timeline }) => timeline.some(({ event }) => event === 'process_stalled'),
  );
  await inject(plane, { kind: 'kill', rank: 1 });
  const failedOne = ({ attributes, resource }: ReceivedSpan) =>
    attributes['error.type'] !== undefined && resource['rankscope.rank'] === 1;
  const spans = await untilSpans(sink, (all) => all.some(failedOne));
  expect(spans.filter(failedOne)).toMatchObject([{ name: 'idle', attributes: { 'error.type': 'killed_after_hang' } }]);
});
