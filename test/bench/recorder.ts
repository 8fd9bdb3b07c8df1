// P1: what one entry costs, clock included: in C++, from JavaScript through the native core, and by the TypeScript writer.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultRingSizes, type FlightRecord, openRingWriter } from '@rankscope/flight-recorder';
import { collectiveOps, elementTypes, flightEvents, flightKinds, phaseFacts, slotFlags } from '@rankscope/schema';
import { loadBinding, readStatus } from '../../native/lib/index.ts';
import { createNativeFlightWriter } from '../../native/lib/native-flight-writer.ts';
import { buildRecorderProgram } from './recorder-build.ts';
import { type Figure, report } from './report.ts';

const nativeRuns = 9;
const nativeRounds = 20_000;
const rounds = 300;
const batch = 500;
const lap = defaultRingSizes.mainCount;

const identity = {
  runnerId: 'bench',
  nodeId: 'bench',
  instanceId: 'bench',
  modelId: 'bench',
  rank: 0,
  worldSize: 1,
  attempt: 1,
  bootId: '00000000-0000-0000-0000-000000000000',
};
/** A collective of a tensor-parallel rank, as it is recorded 120 times a token. */
const entry: FlightRecord = {
  phase: 'decode_stream',
  kind: 'enter',
  event: 'collective_enter',
  op: 'all_sum',
  dtype: 'float32',
  layer: 17,
  barrierSeq: 123_456,
  a: 2304,
  b: 7,
  cell: 1,
  detail: 'layers.17.self_attn.o_proj',
};

/** ns per call: after a lap to warm up, so many rounds of a batch each. */
function measure(record: () => void): number[] {
  for (let i = 0; i < lap; i += 1) record();
  return Array.from({ length: rounds }, () => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < batch; i += 1) record();
    return Number(process.hrtime.bigint() - start) / batch;
  });
}

/** Bytes of JavaScript heap that a call leaves behind; a collection in between would make it negative, so the best of many. */
function heapBytes(record: () => void): number {
  const tries = Array.from({ length: 9 }, () => {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 20_000; i += 1) record();
    return (process.memoryUsage().heapUsed - before) / 20_000;
  });
  return Math.min(...tries.filter((bytes) => bytes >= 0));
}

const dir = mkdtempSync(join(tmpdir(), 'rankscope-bench-'));
const figures: Figure[] = [];
const heap: string[] = [];
const add = (name: string, goal: number, samples: readonly number[]) =>
  figures.push({ name, unit: 'ns', goal, better: 'lower', samples });

const program = buildRecorderProgram('recorder_bench');
if (program.kind === 'refused') console.log(`left out, C++: ${program.reason}`);
else {
  const runs = Array.from({ length: nativeRuns }, () => {
    const { stdout } = spawnSync(program.path, [join(dir, 'native.ring'), String(nativeRounds)], { encoding: 'utf8' });
    return JSON.parse(stdout) as { p50Ns: number; p99Ns: number };
  });
  add(
    `C++, p50 of ${nativeRounds} batches of 64`,
    80,
    runs.map(({ p50Ns }) => p50Ns),
  );
  console.log(`C++, p99 of the batches: ${runs.map(({ p99Ns }) => p99Ns).join(' ')} ns`);
}

const status = readStatus();
if (status === null || !status.ok)
  console.log(`left out, JavaScript through the native core: ${status?.reason ?? 'never built'}`);
else {
  const path = join(dir, 'addon.ring');
  const recorder = loadBinding().openRecorder({ path, ...identity, ...defaultRingSizes });
  const raw = () => recorder.record(16, 1, 7, 1, 0, 17, 1, 11, 0, -1, 123_456, 2304, 7, 'layers.17.self_attn.o_proj');
  add('JavaScript through the native core, positional', 500, measure(raw));
  const writer = createNativeFlightWriter(recorder, path, {
    phases: Object.fromEntries(Object.entries(phaseFacts).map(([phase, { code }]) => [phase, code])),
    kinds: flightKinds,
    events: flightEvents,
    ops: collectiveOps,
    dtypes: elementTypes,
    rareFlag: slotFlags.rare,
    pointToPointFlag: slotFlags.pointToPoint,
  });
  add(
    'JavaScript through the native core, as FlightWriter',
    500,
    measure(() => writer.record(entry)),
  );
  heap.push(`native core ${heapBytes(() => writer.record(entry)).toFixed(1)}`);
  writer.close(0);
}

for (const [where, place] of [
  ['tmpfs', '/dev/shm'],
  ['the temporary directory', dir],
] as const) {
  if (!existsSync(place)) continue;
  const path = join(place, `rankscope-bench-${process.pid}.ring`);
  const writer = openRingWriter(path, identity);
  add(
    `TypeScript writer, on ${where}`,
    1000,
    measure(() => writer.record(entry)),
  );
  if (place === dir) heap.push(`TypeScript writer ${heapBytes(() => writer.record(entry)).toFixed(1)}`);
  writer.close(0);
  rmSync(path);
}
rmSync(dir, { recursive: true });

console.log(`JavaScript heap per entry, bytes: ${heap.join(', ')}`);
report('P1 recording one entry', `${rounds} batches of ${batch} from JavaScript, ${nativeRuns} runs of C++`, figures);
