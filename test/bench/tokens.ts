// P11: tokens a second of our engine on one rank against mlx-lm on the same f32 weights, with the same OpenBLAS and the
// same number of threads; and what recording costs of it. Runs are interleaved in pairs: a machine's pace drifts, and
// a ratio of neighbours drifts less.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRingReader } from '@rankscope/flight-recorder';
import { type GenerateResult, loadBinding } from '../../native/lib/index.ts';
import { findSmollm2 } from '../native/support/find-smollm2.ts';
import { report } from './report.ts';

const pairs = 7;
const promptTokens = 128;
const generatedTokens = 64;
const threads = 2;

// OpenBLAS reads this once, when the addon brings it into the process.
if (process.env.OPENBLAS_NUM_THREADS !== String(threads)) {
  const env = { ...process.env, OPENBLAS_NUM_THREADS: String(threads) };
  process.exit(spawnSync(process.execPath, [fileURLToPath(import.meta.url)], { stdio: 'inherit', env }).status ?? 1);
}

const model = findSmollm2();
if (model === null) throw new Error('SmolLM2 is not in the cache; run `node apps/cli/bootstrap/models.mjs`');
const baseline = prepareBaseline();
const data = mkdtempSync(join(tmpdir(), 'rankscope-tokens-'));
const ringPath = join(data, 'bench.ring');
const binding = loadBinding();
const recorder = openRecorder();
const engine = new binding.Engine({
  recorder,
  rank: 0,
  worldSize: 1,
  backend: 'none',
  hosts: [],
  injectAllowed: false,
  connectMs: 60_000,
  collectiveMs: 60_000,
  exitOnCollectiveDeadline: 14,
  exitOnConnectDeadline: 12,
});
await engine.joinGroup();
await engine.load({ dir: model, plan: 'single', maxContext: null }, () => {});
await generate();

const runs: { readonly ours: Speed; readonly theirs: Speed }[] = [];
for (let pair = 0; pair < pairs; pair++) {
  const order = pair % 2 === 0 ? ['ours', 'theirs'] : ['theirs', 'ours'];
  const speeds: Record<string, Speed> = {};
  for (const who of order) speeds[who] = who === 'ours' ? speedOf(await generate()) : measureBaseline();
  const { ours, theirs } = speeds;
  if (ours === undefined || theirs === undefined) throw new Error('unreachable');
  runs.push({ ours, theirs });
  console.log(
    `pair ${pair + 1}: prefill ${ours.prefill.toFixed(0)} : ${theirs.prefill.toFixed(0)}, decode ${ours.decode.toFixed(1)} : ${theirs.decode.toFixed(1)} tokens/s`,
  );
}
const slotsPerToken = await countSlots();
const nsPerSlot = measureSlot();
const msPerToken = 1000 / median(runs.map(({ ours }) => ours.decode));
await engine.close();
recorder.close(0);
rmSync(data, { recursive: true, force: true });

report(
  'tokens',
  `SmolLM2-135M f32, one rank, ${threads} threads, prompt ${promptTokens}, generate ${generatedTokens}`,
  [
    {
      name: 'prefill, ours ÷ mlx-lm',
      unit: '×',
      samples: runs.map(({ ours, theirs }) => ours.prefill / theirs.prefill),
      goal: 1,
      better: 'higher',
    },
    {
      name: 'decode, ours ÷ mlx-lm',
      unit: '×',
      samples: runs.map(({ ours, theirs }) => ours.decode / theirs.decode),
      goal: 1,
      better: 'higher',
    },
    {
      name: 'recording, share of a token',
      unit: '%',
      samples: [((slotsPerToken * nsPerSlot) / (msPerToken * 1e6)) * 100],
      goal: 1,
      better: 'lower',
    },
  ],
);
console.log(
  `recording: ${slotsPerToken.toFixed(2)} slots a token × ${nsPerSlot.toFixed(0)} ns, ${msPerToken.toFixed(1)} ms a token`,
);
process.exit();

interface Speed {
  readonly prefill: number;
  readonly decode: number;
}

/** With an empty cache every time, or the second prompt would be found in it. */
async function generate(): Promise<GenerateResult> {
  await engine.dropCaches();
  const tokens = Int32Array.from({ length: promptTokens }, (_, i) => 10 + ((i * 7919) % 40_000));
  const sampling = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, seed: 0 };
  const limits = { maxTokens: generatedTokens, prefillChunk: 512, eosTokenIds: new Int32Array(), wantLogits: false };
  return engine.generate({ tokens, ...sampling, ...limits }, () => {});
}

function speedOf({ prefillMs, decodeMs }: GenerateResult): Speed {
  return { prefill: (promptTokens * 1000) / prefillMs, decode: ((generatedTokens - 1) * 1000) / decodeMs };
}

async function countSlots(): Promise<number> {
  const reader = openRingReader(ringPath);
  const before = reader.read({ next: 0 }, { limit: 1_000_000 });
  const { tokens } = await generate();
  const after = reader.read(before.cursor, { limit: 1_000_000 });
  reader.close();
  return after.entries.length / tokens.length;
}

/** From JavaScript, so an upper bound: the engine's own slots cost less. */
function measureSlot(): number {
  const count = 200_000;
  const started = performance.now();
  for (let i = 0; i < count; i++) recorder.record(16, 1, 1, 0, 0, -1, 0, 0, 0, -1, -1, i, 0, null);
  return ((performance.now() - started) * 1e6) / count;
}

function openRecorder() {
  const identity = {
    runnerId: 'bench',
    nodeId: 'bench',
    instanceId: 'bench',
    modelId: 'smollm2',
    rank: 0,
    worldSize: 1,
    attempt: 1,
  };
  const bootId = '00000000-0000-4000-8000-000000000001';
  return binding.openRecorder({
    path: ringPath,
    ...identity,
    bootId,
    rareCount: 1024,
    memoryCount: 4096,
    mainCount: 65536,
    stringsBytes: 262_144,
  });
}

/** A Python with mlx-lm, made once in the cache, or given as RANKSCOPE_BENCH_PYTHON; and the preload for its OpenBLAS. */
function prepareBaseline(): { readonly python: string; readonly preload: string } {
  const support = fileURLToPath(new URL('../support/mlx-lm/', import.meta.url));
  const home = join(process.env.RANKSCOPE_CACHE || join(homedir(), '.cache', 'rankscope'), 'bench');
  const python = process.env.RANKSCOPE_BENCH_PYTHON || join(home, 'bin', 'python');
  if (spawnSync(python, ['-c', 'import mlx_lm, scipy_openblas32'], { stdio: 'ignore' }).status !== 0) {
    console.log(`installing mlx-lm into ${home} …`);
    run('python3', ['-m', 'venv', home]);
    run(python, [
      '-m',
      'pip',
      'install',
      '-q',
      'mlx==0.32.4',
      'mlx-cpu==0.32.4',
      'mlx-lm==0.32.2',
      'scipy-openblas32==0.3.34.481.3',
    ]);
  }
  const library = run(python, ['-c', 'import scipy_openblas32 as b; print(b.get_lib_dir())']).trim();
  const preload = join(mkdtempSync(join(tmpdir(), 'rankscope-blas-')), 'blas_preload.so');
  run('cc', [
    '-O2',
    '-shared',
    '-fPIC',
    join(support, 'blas_preload.c'),
    '-o',
    preload,
    `-L${library}`,
    '-l:libscipy_openblas.so',
    `-Wl,-rpath,${library}`,
  ]);
  process.on('exit', () => rmSync(dirname(preload), { recursive: true, force: true }));
  return { python, preload };
}

function measureBaseline(): Speed {
  const script = fileURLToPath(new URL('../support/mlx-lm/baseline.py', import.meta.url));
  const sizes = [
    '--prompt',
    String(promptTokens),
    '--generate',
    String(generatedTokens),
    '--repeat',
    '1',
    '--threads',
    String(threads),
  ];
  const answer = JSON.parse(run(baseline.python, [script, model ?? '', ...sizes], { LD_PRELOAD: baseline.preload }));
  if (!String(answer.blas).includes('OpenBLAS'))
    throw new Error(`mlx-lm runs on ${answer.blas}: the comparison would be false`);
  return { prefill: answer.prefillTokensPerSecond, decode: answer.decodeTokensPerSecond };
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${stderr}`);
  return stdout;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
