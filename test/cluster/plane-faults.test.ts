import { closeSync, openSync, readdirSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeDiagnostics } from '@rankscope/schema';
import { afterEach, expect, test } from 'vitest';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { analysisOf, chatBody, eventually, getJson, isAlive, post, timelineOf } from '../support/plane-requests.ts';

const planes: StartedPlane[] = [];
afterEach(async () => {
  await Promise.all(planes.splice(0).map((plane) => plane.stop()));
});

async function simulated(args: readonly string[] = []): Promise<StartedPlane> {
  const plane = await startPlane({ args: ['--engine', 'simulated', '--model', 'tiny', '--ranks', '2', ...args] });
  planes.push(plane);
  return plane;
}

const inject = (plane: StartedPlane, fault: object) => post(`${plane.url}/v1/diagnostics/node/inject`, fault);

/** A long answer that somebody is reading. */
async function startAnswer(plane: StartedPlane, signal?: AbortSignal) {
  const response = await post(
    `${plane.url}/v1/chat/completions`,
    chatBody({ max_tokens: 2_000, stream: true }),
    signal,
  );
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  await reader?.read();
  const rest = async () => {
    let text = '';
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: '' };
      if (done) return text;
      text += value;
    }
  };
  return { rest, commandId: response.headers.get('x-rankscope-command-id') };
}

test('a rank that hangs is the one that is not inside the collective its peer waits in', async () => {
  const plane = await simulated();
  const answer = await startAnswer(plane);
  expect((await inject(plane, { kind: 'hang', rank: 1 })).status).toBe(200);
  const stuck = await eventually(
    () => analysisOf(plane.url),
    ({ runners }) => (runners[0]?.openSite?.seconds ?? 0) > 0.5,
  );
  const [waiting, missing] = stuck.runners;
  expect(missing?.openSite).toBeNull();
  expect(missing?.lastLeft).toBeLessThan(waiting?.openSite?.barrierSeq ?? 0);
  const { runners } = await timelineOf(plane.url);
  expect(runners[0]?.phaseDetail).toMatch(/^\w+ \d+/);
  expect(runners[0]?.activeCommandId).toBe(answer.commandId);

  await inject(plane, { kind: 'release', rank: 1 });
  await eventually(
    () => analysisOf(plane.url),
    (now) => now.runners[0]?.lastLeft !== waiting?.lastLeft,
  );
});

test('a killed rank ends its peer, and the reader is told who and how', async () => {
  const plane = await simulated();
  const answer = await startAnswer(plane);
  await inject(plane, { kind: 'kill', rank: 0 });
  expect(await answer.rest()).toMatch(/rank 0 \(pid \d+\) was killed by SIGKILL/);
  const { runners } = await eventually(
    () => timelineOf(plane.url),
    (now) => now.runners.every(({ processAlive }) => !processAlive),
  );
  expect(runners.map(({ statusKind }) => statusKind)).toEqual(['RunnerFailed', 'RunnerFailed']);
  const { timeline } = await timelineOf(plane.url);
  const died = timeline.find(({ event }) => event === 'process_died');
  expect(died).toMatchObject({
    deviceRank: 0,
    detail: expect.stringMatching(/^rank 0 \(pid \d+\) was killed by SIGKILL$/),
    attrs: { source: 'supervisor', exitSignal: 'SIGKILL' },
  });
  const analysis = await analysisOf(plane.url);
  expect(analysis.runners[0]?.exitSignal).toBe('SIGKILL');
  expect(analysis.runners[1]?.exitCode).toBe(13);

  expect((await inject(plane, { kind: 'kill', rank: 0 })).status).toBe(409);
  const refused = await post(`${plane.url}/v1/chat/completions`, chatBody());
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).not.toBeNull();
  expect(await (await fetch(`${plane.url}/metrics`)).text()).not.toMatch(/^rankscope_runner_up\{/m);
});

test('a rank at rest that ends because its peer was killed says so, and everybody names the killed one', async () => {
  const plane = await simulated();
  await inject(plane, { kind: 'kill', rank: 1 });
  const { runners } = await eventually(
    () => analysisOf(plane.url),
    (now) => now.runners.every(({ exitCode, exitSignal }) => (exitCode ?? exitSignal) !== null),
  );
  const killed = /rank 1 \(pid \d+\) was killed by SIGKILL/;
  expect(runners[0]?.errorMessage).toMatch(new RegExp(`^asked to end: ${killed.source}$`));
  expect(runners[0]?.exitCode).toBe(13);
  const { timeline } = await timelineOf(plane.url);
  expect(timeline.filter(({ event }) => event === 'process_exited')).toMatchObject([
    { deviceRank: 0, detail: runners[0]?.errorMessage, attrs: { source: 'supervisor', exitCode: 13 } },
  ]);
  const refused = await post(`${plane.url}/v1/chat/completions`, chatBody());
  expect(((await refused.json()) as { detail: string }).detail).toMatch(killed);
  expect(await (await fetch(`${plane.url}/readyz`)).json()).toMatchObject({
    ready: false,
    reason: expect.stringMatching(killed),
  });
  expect(await getJson(`${plane.url}/v1/models`)).toMatchObject({ data: [] });
});

test('a stopped rank is said to be stalled, and to be back', async () => {
  const plane = await simulated();
  await inject(plane, { kind: 'stop', rank: 1 });
  const events = async () =>
    (await timelineOf(plane.url)).timeline.filter(({ deviceRank }) => deviceRank === 1).map(({ event }) => event);
  await eventually(events, (now) => now.includes('process_stalled'));
  await inject(plane, { kind: 'continue', rank: 1 });
  await eventually(events, (now) => now.includes('process_resumed'));
});

test('a stopped rank does not keep the plane from ending', async () => {
  const plane = await simulated();
  const { runners } = await timelineOf(plane.url);
  await inject(plane, { kind: 'stop', rank: 1 });
  await plane.stop();
  expect(runners.map(({ pid }) => isAlive(pid ?? 0))).toEqual([false, false]);
});

test('an error inside a rank reaches the reader, a late rank only delays', async () => {
  const plane = await simulated();
  await inject(plane, { kind: 'delay', rank: 1, delayMs: 50 });
  const late = await post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: 3 }));
  expect(late.status).toBe(200);
  await inject(plane, { kind: 'release', rank: 1 });
  await inject(plane, { kind: 'error', rank: 1 });
  const failed = await post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: 3 }));
  expect(failed.status).toBe(502);
  expect(((await failed.json()) as { detail: string }).detail).toMatch(/rank [01]/);
});

test('who may not inject, and what cannot be hit, is told', async () => {
  const plane = await simulated(['--inject', '0']);
  expect((await inject(plane, { kind: 'kill', rank: 0 })).status).toBe(403);
  const allowed = await simulated();
  expect((await inject(allowed, { kind: 'kill', rank: 7 })).status).toBe(404);
  const nodeId = await getJson<string>(`${allowed.url}/node_id`);
  const there = await post(`${allowed.url}/v1/diagnostics/cluster/${nodeId}/inject`, { kind: 'delay', rank: 0 });
  expect(await there.json()).toMatchObject({ nodeId, deviceRank: 0 });
});

test('a client that goes away cancels its task on all ranks', async () => {
  const plane = await simulated();
  for (const stream of [true, false]) {
    const gone = new AbortController();
    const asked = stream
      ? startAnswer(plane, gone.signal)
      : post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: 2_000 }), gone.signal).catch(() => undefined);
    if (stream) await asked;
    await eventually(
      () => timelineOf(plane.url, '?limit=1'),
      ({ runners }) => runners.every(({ phase }) => phase.startsWith('decode')),
    );
    gone.abort();
    const node = () => getJson<NodeDiagnostics>(`${plane.url}/v1/diagnostics/node?limit=0`);
    const { supervisorRunners } = await eventually(node, (now) =>
      now.supervisorRunners.every((runner) => runner.cancelledTaskIds.length === (stream ? 1 : 2)),
    );
    expect(supervisorRunners[0]?.cancelledTaskIds).toEqual(supervisorRunners[1]?.cancelledTaskIds);
  }
});

test('a command can be cancelled by its id, once', async () => {
  const plane = await simulated();
  const answer = await startAnswer(plane);
  const cancel = async () => (await (await post(`${plane.url}/v1/cancel/${answer.commandId}`, {})).json()) as unknown;
  expect(await cancel()).toMatchObject({ status: 'cancel_requested' });
  expect(await answer.rest()).toMatch(/"finish_reason":"cancelled"/);
  expect(await cancel()).toMatchObject({ status: 'already_cancelled' });
  expect((await post(`${plane.url}/v1/cancel/nothing`, {})).status).toBe(404);
});

test('a plane that ends says so in the middle of an answer, and ends the live timeline whole', async () => {
  const plane = await simulated();
  const answer = await startAnswer(plane);
  const whole = post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: 2_000 }));
  const live = await fetch(`${plane.url}/v1/diagnostics/cluster/timeline/stream`);
  const [text, timeline] = await Promise.all([answer.rest(), live.text(), sleep(300).then(() => plane.stop())]);
  expect(text).toMatch(/"detail":"the plane is shutting down".*\n\ndata: \[DONE\]\n\n$/);
  expect(timeline).toMatch(/\n\n$/);
  expect((await whole).status).toBe(503);
});

test('a plane that is killed leaves no rank behind', async () => {
  const plane = await simulated();
  const pids = (await timelineOf(plane.url)).runners.map(({ pid }) => pid ?? 0);
  process.kill(plane.pid, 'SIGKILL');
  await eventually(
    async () => pids.map(isAlive),
    (alive) => !alive.includes(true),
    5_000,
  );
});

test('a recorder that was cut in half is a warning, and the rest is as it was', async () => {
  const plane = await simulated();
  await inject(plane, { kind: 'kill', rank: 0 });
  await eventually(
    () => timelineOf(plane.url),
    ({ runners }) => runners.every(({ processAlive }) => !processAlive),
  );
  const [runner] = (await timelineOf(plane.url)).runners;
  const name = readdirSync(join(plane.dataDir, 'runners')).find((file) => file === `${runner?.runnerId}.ring`) ?? '';
  const path = join(plane.dataDir, 'runners', name);
  truncateSync(path, statSync(path).size / 2);
  const damaged = await getJson<NodeDiagnostics>(`${plane.url}/v1/diagnostics/node`);
  expect(damaged.warnings.join()).toMatch(/was cut short: \d+ of \d+ bytes/);
  truncateSync(path, 5_000);
  const { warnings, supervisorRunners } = await getJson<NodeDiagnostics>(`${plane.url}/v1/diagnostics/node`);
  expect(warnings.join()).toContain(name);
  expect(supervisorRunners).toHaveLength(2);
  expect(supervisorRunners[0]?.exitCode ?? supervisorRunners[0]?.rankscope?.exitSignal).toBe('SIGKILL');
  expect(supervisorRunners[1]?.flightRecorder.length).toBeGreaterThan(5);
});

test('a living rank whose recorder comes to harm keeps its last phase and entries, and says why no more come', async () => {
  const harms = [
    (path: string) => truncateSync(path, statSync(path).size / 2),
    (path: string) => writeAt(path, 8, Buffer.of(99)),
  ];
  for (const harm of harms) {
    const plane = await simulated();
    const before = await timelineOf(plane.url);
    const { runnerId = '', phase } = before.runners[1] ?? {};
    expect(phase).toBe('idle');
    harm(join(plane.dataDir, 'runners', `${runnerId}.ring`));
    for (let again = 0; again < 2; again += 1) {
      const { runners, timeline } = await timelineOf(plane.url);
      expect(runners[1]).toMatchObject({ phase: 'idle', processAlive: true });
      expect(runners[1]?.secondsInPhase).toBeGreaterThanOrEqual(before.runners[1]?.secondsInPhase ?? 0);
      const own = (of: typeof timeline) => of.filter((entry) => entry.runnerId === runnerId).length;
      expect(own(timeline)).toBeGreaterThanOrEqual(own(before.timeline));
    }
    const { warnings } = await getJson<NodeDiagnostics>(`${plane.url}/v1/diagnostics/node`);
    expect(warnings.join()).toMatch(new RegExp(`recorder (cannot be read|damaged): .*${runnerId}\\.ring`));
    expect((await analysisOf(plane.url)).runners[1]?.errorMessage).toMatch(/^recorder (cannot be read|damaged): /);
    expect(plane.log().match(/ warn recorder /g)).toHaveLength(1);
  }
});

function writeAt(path: string, at: number, bytes: Buffer): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, bytes.length, at);
  closeSync(fd);
}
