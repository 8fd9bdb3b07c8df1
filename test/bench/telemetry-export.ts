// What it costs a rank that its plane exports for it, and why the rank does not speak for itself. A real rank is pinned to
// one core, the plane's node role (this process) and the receiver to the other; export is switched on and off between
// answers, and each answer is compared with its neighbour. Time per token is the rank's own, from its recorder.
import { fork, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClock, createLog, readBootId } from '@rankscope/daemon';
import { openRingReader } from '@rankscope/flight-recorder';
import { RankDeadlines } from '@rankscope/schema';
import { parseOtlpSettings } from '@rankscope/telemetry';
import { openNodeExport } from '../../apps/plane/src/node/export/node-export.ts';
import { type Instance, superviseInstance } from '../../apps/plane/src/node/supervise/instance.ts';
import { planAssignments } from '../../apps/plane/src/node/supervise/plan-assignments.ts';
import { findSmollm2 } from '../native/support/find-smollm2.ts';
import { randomFrom } from '../support/kill-moments.ts';
import { freePorts, makeTask, uuidv7 } from '../support/runner-harness.ts';
import { type Figure, report } from './report.ts';
import { type BenchSink, compareSpeakers } from './telemetry-speakers.ts';

const pairs = 24;
const answerTokens = 48;
const rankCore = '0';
const planeCore = '1';
/** A loss of more than this would be a cost; less is what a machine does by itself. */
const lossGoal = 1.03;

if (process.platform !== 'linux') throw new Error('processes are pinned with taskset, which only Linux has');
if (process.argv[2] !== 'pinned') {
  const args = ['-c', planeCore, process.execPath, fileURLToPath(import.meta.url), 'pinned'];
  process.exit(spawnSync('taskset', args, { stdio: 'inherit' }).status ?? 1);
}
const model = findSmollm2();
if (model === null) throw new Error('SmolLM2 is not in the cache; run `node apps/cli/bootstrap/models.mjs`');

const data = mkdtempSync(join(tmpdir(), 'rankscope-export-'));
const runnersDir = join(data, 'runners');
mkdirSync(runnersDir);
const sink = await startSink();
const clock = createClock();
const bootId = readBootId();
const instance = await startRank(model);
const onMs: number[] = [];
const offMs: number[] = [];
const ratios: number[] = [];
const cpuRatios: number[] = [];
const cpu = { on: 0, off: 0 };
const wall = { on: 0, off: 0 };
let exported = 0;
await answer();
for (let pair = 0; pair < pairs; pair += 1) {
  // on off, off on, …: what drifts evenly falls on both alike.
  const first = pair % 2 === 0;
  const [one, two] = [await answerWith(first), await answerWith(!first)];
  const [on, off] = first ? [one, two] : [two, one];
  onMs.push(on.ms);
  offMs.push(off.ms);
  ratios.push(on.ms / off.ms);
  cpuRatios.push(on.cpuMs / off.cpuMs);
}
await instance.close();
const speakers = await compareSpeakers(sink);
sink.close();
rmSync(data, { recursive: true, force: true });

const figures: Figure[] = [
  { name: 'ms a token, export on ÷ off', unit: '×', samples: ratios, goal: lossGoal, better: 'lower' },
  { name: 'CPU of the rank a token, export on ÷ off', unit: '×', samples: cpuRatios, goal: lossGoal, better: 'lower' },
  { name: 'ms a token, export on', unit: 'ms', samples: onMs, goal: 1_000, better: 'lower' },
  { name: 'ms a token, export off', unit: 'ms', samples: offMs, goal: 1_000, better: 'lower' },
  ...speakers.figures,
];
report(
  'telemetry-export',
  `SmolLM2-135M f32, one rank on core ${rankCore}, plane on core ${planeCore}, ${pairs} pairs of answers`,
  figures,
);
for (const [what, values] of [['ms', ratios] as const, ['CPU', cpuRatios] as const]) {
  const [low, high] = interval(values);
  console.log(
    `${what} a token, on ÷ off: median ${median(values).toFixed(4)} (95 %: ${low.toFixed(4)} to ${high.toFixed(4)})`,
  );
}
console.log(`${exported} spans exported`);
const perSecond = (key: 'on' | 'off') => (cpu[key] / 1e3 / (wall[key] / 1e3)).toFixed(1);
console.log(`the plane: ${perSecond('on')} ms of CPU a second with export, ${perSecond('off')} without`);
for (const remark of speakers.remarks) console.log(remark);
process.exit();

/** One answer, with what leaves meanwhile or without. */
async function answerWith(on: boolean): Promise<Pace> {
  const [runner] = instance.runners;
  if (runner === undefined) throw new Error('there is a rank');
  const { assignment, supervisorRingPath: supervisorPath } = runner.facts;
  const { runnerId, ringPath } = assignment;
  const telemetry = await openNodeExport({
    settings: on ? parseOtlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url }).settings : null,
    exportDir: join(data, 'export'),
    runnersDir,
    nodeId: 'bench',
    bootId,
    hostName: hostname(),
    version: 'bench',
    clock,
    log: createLog({ level: 'error', wallNs: clock.wallNs }),
    recorders: () => [{ runnerId, ringPath, supervisorPath, pid: runner.facts.pid, alive: runner.facts.alive }],
  });
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  const pace = await answer();
  const key = on ? 'on' : 'off';
  const { user, system } = process.cpuUsage(cpuBefore);
  cpu[key] += user + system;
  wall[key] += performance.now() - startedMs;
  await telemetry.close();
  exported += telemetry.facts()?.traces?.exported ?? 0;
  if (on && exported === 0) throw new Error('nothing was exported');
  return pace;
}

interface Pace {
  /** Median time of a token. */
  readonly ms: number;
  /** What the rank's threads spent on the answer, a token. */
  readonly cpuMs: number;
}

async function answer(): Promise<Pace> {
  const [runner] = instance.runners;
  const reader = openRingReader(runner?.facts.assignment.ringPath ?? '');
  const { next } = reader.state();
  const cpuBefore = cpuOf(runner?.facts.pid ?? 0);
  const task = makeTask('Tell me a long story about a lighthouse keeper.', { maxTokens: answerTokens });
  const done = new Promise<void>((resolve, reject) => {
    const stop = instance.subscribe((event) => {
      if (event.kind === 'ended') reject(new Error('the rank has ended'));
      if (event.kind !== 'message' || event.message.type !== 'done') return;
      stop();
      resolve();
    });
  });
  instance.broadcast({ type: 'task', task });
  await done;
  const cpuMs = cpuOf(runner?.facts.pid ?? 0) - cpuBefore;
  const { entries } = reader.read({ next }, { limit: 100_000 });
  reader.close();
  const times = entries
    .filter(({ phase, kind }) => phase === 'decode_stream' && kind === 'enter')
    .map(({ tMonoNs }) => tMonoNs);
  const ms = times.slice(1).map((at, index) => Number(at - (times[index] ?? at)) / 1e6);
  if (ms.length < answerTokens / 2) throw new Error(`only ${ms.length} tokens were recorded`);
  return { ms: median(ms), cpuMs: cpuMs / (ms.length + 1) };
}

/** Milliseconds that all threads of a process have run; to the nanosecond, where /proc/PID/stat counts hundredths. */
function cpuOf(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const ns = tasks.map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]));
  return ns.reduce((sum, one) => sum + one, 0) / 1e6;
}

async function startRank(modelDir: string): Promise<Instance> {
  const spec = {
    modelId: 'smollm2',
    modelDir,
    engine: 'mlx',
    ranks: 1,
    plan: 'single',
    nLayers: 30,
    deadlines: RankDeadlines.parse({}),
    injectAllowed: false,
  } as const;
  const ringPathOf = (runnerId: string) => join(runnersDir, `${runnerId}.ring`);
  const around = {
    nodeId: 'bench',
    cores: 1,
    bootId,
    attempt: 1,
    ports: await freePorts(1),
    ringPathOf,
    newId: uuidv7,
  };
  const started = superviseInstance({
    assignments: planAssignments(spec, around),
    plan: 'single',
    nLayers: spec.nLayers,
    runnersDir,
    runnerMain: fileURLToPath(new URL('../../apps/runner/src/main.ts', import.meta.url)),
    monoNs: clock.monoNs,
    wallMs: Date.now,
  });
  const pid = started.runners[0]?.facts.pid;
  // Threads that it makes later are where their maker is.
  const pinned = spawnSync('taskset', ['-acp', rankCore, String(pid)]);
  if (pinned.status !== 0) throw new Error(`the rank cannot be pinned: ${pinned.stderr}`);
  await new Promise<void>((resolve, reject) => {
    started.subscribe((event) => {
      if (event.kind === 'ended') reject(new Error('the rank has ended before it was ready'));
      else if (event.message.type === 'status' && event.message.status === 'RunnerReady') resolve();
    });
  });
  return started;
}

async function startSink(): Promise<BenchSink & { close(): void }> {
  const child = fork(fileURLToPath(new URL('telemetry-sink.ts', import.meta.url)));
  const next = () => new Promise<unknown>((resolve) => child.once('message', resolve));
  const url = String(await next());
  const received = async () => {
    const answer = next();
    child.send('names');
    return (await answer) as string[];
  };
  return { url, received, close: () => void child.kill() };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Of the median, by drawing the pairs again: 95 %. */
function interval(values: readonly number[]): [number, number] {
  const random = randomFrom(1);
  const draw = () => values[Math.floor(random() * values.length)] ?? Number.NaN;
  const medians = Array.from({ length: 10_000 }, () => median(values.map(draw))).toSorted((a, b) => a - b);
  return [medians[250] ?? Number.NaN, medians[9749] ?? Number.NaN];
}
