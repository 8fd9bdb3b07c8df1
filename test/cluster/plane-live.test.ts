import { setTimeout as sleep } from 'node:timers/promises';
import { createPlaneClient, readSse } from '@rankscope/client';
import { type ClusterTimelineEntry, TimelineChange } from '@rankscope/schema';
import { afterEach, expect, test } from 'vitest';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { chatBody, post, timelineOf } from '../support/plane-requests.ts';

const planes: StartedPlane[] = [];
afterEach(async () => {
  await Promise.all(planes.splice(0).map((plane) => plane.stop()));
});

async function started(args: readonly string[]): Promise<StartedPlane> {
  const plane = await startPlane({ args });
  planes.push(plane);
  return plane;
}

const simulated = ['--engine', 'simulated', '--ranks', '2'];
const keyOf = ({ runnerId, attrs }: ClusterTimelineEntry) => `${runnerId} ${attrs.source ?? 'own'} ${attrs.seq}`;
const entriesOf = (change: TimelineChange) => (change.kind === 'snapshot' ? change.timeline.timeline : change.entries);

/** Listens until `done` says so, and gives back every change with when it came. */
async function listen(url: string, done: () => boolean) {
  const stop = new AbortController();
  const heard: { change: TimelineChange; atMs: number }[] = [];
  for await (const change of createPlaneClient(url).watchTimeline(stop.signal)) {
    heard.push({ change, atMs: performance.now() });
    if (done()) break;
  }
  stop.abort();
  return heard;
}

test('snapshot and deltas together are the timeline, each entry once', async () => {
  const plane = await started(simulated);
  let answered = false;
  const listening = listen(plane.url, () => answered);
  await sleep(300);
  for (let i = 0; i < 3; i += 1)
    await post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: 20 })).then((answer) => answer.text());
  await sleep(400);
  answered = true;
  const heard = await listening;
  expect(heard[0]?.change.kind).toBe('snapshot');
  expect(heard.slice(1).map(({ change }) => change.kind)).not.toContain('snapshot');
  const keys = heard.flatMap(({ change }) => entriesOf(change)).map(keyOf);
  expect(new Set(keys).size, 'nothing twice').toBe(keys.length);
  expect(new Set(keys)).toEqual(new Set((await timelineOf(plane.url, '?limit=65536')).timeline.map(keyOf)));
});

/** Opens the stream as a browser does that comes back, and hears it until `done` says so. */
async function hear(url: string, lastEventId: string | null, done: (heard: readonly TimelineChange[]) => boolean) {
  const leave = new AbortController();
  const headers = lastEventId === null ? {} : { 'last-event-id': lastEventId };
  const signal = AbortSignal.any([leave.signal, AbortSignal.timeout(20_000)]);
  const answer = await fetch(`${url}/v1/diagnostics/cluster/timeline/stream`, { headers, signal });
  const heard: TimelineChange[] = [];
  let last = lastEventId;
  for await (const { data, id } of readSse(answer.body ?? new ReadableStream())) {
    heard.push(TimelineChange.parse(JSON.parse(data)));
    last = id;
    if (done(heard)) break;
  }
  leave.abort();
  return { heard, last };
}

test('whoever comes back with the id of the last event is given what it missed, and nothing else', async () => {
  const plane = await started(simulated);
  const chat = () =>
    post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: 20 })).then((answer) => answer.text());
  await chat();
  const before = await hear(plane.url, null, (heard) => heard.length === 2);
  expect(before.heard.map(({ kind }) => kind)).toEqual(['snapshot', 'delta']);
  await chat();
  const whole = new Set((await timelineOf(plane.url, '?limit=65536')).timeline.map(keyOf));
  const keysOf = (changes: readonly TimelineChange[]) => changes.flatMap(entriesOf).map(keyOf);
  const after = await hear(plane.url, before.last, (heard) => keysOf([...before.heard, ...heard]).length >= whole.size);
  expect(new Set(after.heard.map(({ kind }) => kind))).toEqual(new Set(['delta']));
  const keys = keysOf([...before.heard, ...after.heard]);
  expect(new Set(keys).size, 'nothing twice').toBe(keys.length);
  expect(new Set(keys)).toEqual(whole);
  const stranger = await hear(plane.url, 'an-id-of-another-plane.7', (heard) => heard.length === 1);
  expect(stranger.heard.map(({ kind }) => kind)).toEqual(['snapshot']);
});

test('a silent peer does not slow down what is heard of the others', async () => {
  const other = await started(simulated);
  const { silentPeer } = await import('../support/plane-bad-peers.ts');
  const silent = await silentPeer();
  const plane = await started(['--no-model', '--peers', `${other.url},${silent.url}`]);
  const until = performance.now() + 5_000;
  const listening = listen(plane.url, () => performance.now() > until);
  await sleep(2_500);
  void post(`${other.url}/v1/chat/completions`, chatBody({ max_tokens: 400 })).catch(() => undefined);
  const heard = await listening;
  expect(heard[0]?.change.kind === 'snapshot' && heard[0].change.timeline.unreachableNodes).toMatchObject([
    { error: 'no answer in 2000 ms' },
  ]);
  const whileBusy = heard.filter(({ change }) => change.kind === 'delta' && change.entries.length > 0);
  const gaps = whileBusy.slice(1).map(({ atMs }, index) => atMs - (whileBusy[index]?.atMs ?? 0));
  expect(whileBusy.length).toBeGreaterThan(3);
  expect(gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)], 'median gap while something happens').toBeLessThan(
    350,
  );
  silent.close();
});

test('an answer streamed by the client is the answer in one piece', async () => {
  const plane = await started(simulated);
  const client = createPlaneClient(plane.url);
  const pieces: string[] = [];
  for await (const piece of client.streamChat(chatBody({ max_tokens: 12 }), new AbortController().signal))
    pieces.push(piece);
  const whole = await client.chat(chatBody({ max_tokens: 12 }));
  expect(pieces.length).toBeGreaterThan(3);
  expect(whole.kind === 'ok' && whole.value.choices[0]?.message.content).toBe(pieces.join(''));
});

test('a stream ends when the plane does', async () => {
  const plane = await started(simulated);
  const answer = await fetch(`${plane.url}/v1/diagnostics/cluster/timeline/stream`);
  const reading = answer.text().catch(() => 'cut off');
  await sleep(300);
  const startedMs = performance.now();
  await plane.stop();
  await reading;
  expect(performance.now() - startedMs).toBeLessThan(3_000);
});
