import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ClusterTimelineWritten } from '@rankscope/schema';
import { afterEach, expect, test } from 'vitest';
import { ensurePythonOtel } from '../support/otlp/python-otel.ts';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { analysisOf, eventually, timelineOf } from '../support/plane-requests.ts';

const program = fileURLToPath(new URL('../support/otlp/foreign_runtime.py', import.meta.url));
const open: { stop(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});

async function startAll(path: string, hangAt: number): Promise<StartedPlane> {
  const plane = await startPlane();
  open.push(plane);
  const env = { ...process.env, PYTHONPATH: path };
  const runtime = spawn('python3', [program, plane.url, String(hangAt)], { env, stdio: 'ignore', detached: true });
  open.unshift({ stop: () => void process.kill(-(runtime.pid ?? 0), 'SIGKILL') });
  return plane;
}

test('the program is short enough to be copied', () => {
  expect(readFileSync(program, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(60);
});

test('two ranks of a program with the stock SDK stand in the timeline, also while one hangs', {
  timeout: 400_000,
}, async ({ skip }) => {
  const python = await ensurePythonOtel();
  if (python.kind === 'refused') return skip(python.reason);
  const plane = await startAll(python.path, 20);
  const stuck = await eventually(
    () => analysisOf(plane.url),
    ({ runners }) =>
      runners.length === 2 && (runners[0]?.openSite?.seconds ?? 0) > 1 && runners[0]?.openSite?.barrierSeq === 20,
    60_000,
  );
  expect(stuck.runners).toMatchObject([
    { deviceRank: 0, instanceId: 'foreign-runtime', openSite: { op: 'all_sum', barrierSeq: 20 }, lastLeft: 19 },
    { deviceRank: 1, instanceId: 'foreign-runtime', openSite: null, lastLeft: 19 },
  ]);
  const timeline = await timelineOf(plane.url);
  expect(ClusterTimelineWritten.parse(timeline)).toEqual(timeline);
  expect(timeline.runners).toMatchObject([
    { nodeId: 'host-0', modelId: 'some-model', worldSize: 2, phase: 'decode_barrier', phaseDetail: 'all_sum 20' },
    { nodeId: 'host-1', modelId: 'some-model', worldSize: 2, phase: 'decode_stream' },
  ]);
  const left = timeline.timeline.filter(({ phase, event }) => phase === 'decode_barrier' && event === 'exit');
  expect(left.map(({ attrs }) => attrs.barrierSeq).sort()).toEqual(Array.from({ length: 40 }, (_, i) => i >> 1).sort());
  expect(timeline.unreachableNodes).toEqual([]);
});
