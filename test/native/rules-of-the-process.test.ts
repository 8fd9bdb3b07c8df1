import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { phaseFacts } from '@rankscope/schema';
import { afterEach, describe, expect, test } from 'vitest';
import {
  buildDirectory,
  joinAll,
  type Rank,
  startLoadedRanks,
  startRanks,
  switchableDirectory,
  tinyDirectory,
  within,
} from './support/ranks.ts';
import { outcome, type Rule, rejection, until, without } from './support/rules-off.ts';
import { countPrompt, startStuckPair } from './support/stuck-pair.ts';

// Rules 2, 5, 7, 8 and 9 of the engine: what a process may ask of MLX, and on which thread. Each rule is shown twice,
// with it and with it broken (the test variant of the addon reads RANKSCOPE_NATIVE_TEST_*).

const prompt = Int32Array.of(3, 203, 281, 272, 262, 276, 35, 1, 203, 4, 203);
const answer = Int32Array.of(37, 276, 272, 311);

const started = async (starting: Promise<Rank[]>): Promise<Rank> => {
  const [rank] = await starting;
  if (rank === undefined) throw new Error('a rank was asked for');
  return rank;
};
const startSingle = (...rules: Rule[]) =>
  started(startLoadedRanks({ world: 1, plan: 'single', ...(rules.length > 0 ? without(...rules) : {}) }));

describe('2: all of MLX runs on one thread of its own', () => {
  test('with it calls follow one another, and the event loop goes on', async () => {
    const rank = await startSingle();
    const long = rank.generate({ tokens: countPrompt, maxTokens: 300 });
    const asked = performance.now();
    await rank.memory();
    expect(performance.now() - asked, 'JavaScript answers while the engine works').toBeLessThan(150);
    expect((await long).tokens.length).toBe(300);
    expect((await rank.generate({ tokens: prompt, maxTokens: 4 })).tokens).toEqual(answer);
  });

  test('without it, a thread for each call as of a pool, what one call made the next cannot compute with', async () => {
    const rank = await startSingle('FRESH_THREADS');
    const failure = await within(5000, 'the answer', rejection(rank.generate({ tokens: prompt, maxTokens: 4 })));
    expect(failure?.message).toMatch(/^There is no Stream\(cpu, \d+\) in current thread\.$/);
  });
});

describe('5: from the thread of JavaScript only what answers while the engine is stuck', () => {
  test('memory and links answer at once, and dropCaches waits for its turn', async () => {
    const { waiting, silent, answers } = await startStuckPair();
    for (const rank of [waiting, silent]) {
      expect((await within(500, 'memory', rank.memory())).active).toBeGreaterThan(0);
      expect(await within(500, 'links', rank.links())).toHaveLength(2);
    }
    expect(await rejection(waiting.call({ call: 'dropCaches' }))).toMatchObject({ name: 'EngineCallOrderError' });
    expect((await within(500, 'memory', waiting.memory())).active).toBeGreaterThan(0);
    await silent.call({ call: 'inject', kind: 0, phase: 0, after: 0, delayMs: 0 });
    await within(60_000, 'the released request', Promise.all(answers));
    await within(1000, 'its turn', waiting.call({ call: 'dropCaches' }));
  });

  test('without it clear_cache holds up the event loop until the engine moves', async () => {
    const { waiting, silent } = await startStuckPair({ rules: ['JS_CLEARS'] });
    void waiting.call({ call: 'dropCaches' });
    const memory = waiting.memory();
    expect(await outcome(memory, 1500)).toBe('hung');
    await silent.call({ call: 'inject', kind: 0, phase: 0, after: 0, delayMs: 0 });
    await within(5000, 'the event loop', memory);
  });

  /** All but the last gather, and ask to drop caches meanwhile; the last one dies. What becomes of each gather. */
  async function gatherWithTheDead(...rules: Rule[]): Promise<readonly string[]> {
    const ranks = await startLoadedRanks({ world: 4, plan: 'tensor', ...without(...rules) });
    const survivors = ranks.slice(0, -1);
    const phase = phaseFacts.decode_stream.code;
    const gathers = survivors.map((rank) => rank.call({ call: 'gather', phase, bytes: Uint8Array.of(rank.rank) }));
    await until('all waiting', 5000, () => survivors.every((r) => r.entries().at(-1)?.event === 'collective_enter'));
    for (const rank of survivors) void rank.call({ call: 'dropCaches' });
    ranks.at(-1)?.child.kill('SIGKILL');
    const outcomes = await Promise.all(gathers.map((gather) => outcome(gather, 1500)));
    for (const { child } of ranks) child.kill('SIGKILL');
    return outcomes;
  }

  test('with it no collective with a dead peer returns as if it were fine', async () => {
    for (let attempt = 0; attempt < 2; attempt++)
      expect(await gatherWithTheDead()).toEqual(['PeerLostError', 'PeerLostError', 'PeerLostError']);
  });

  test('without it clear_cache takes the error away, and a collective with a dead peer returns as if it were fine', async () => {
    const outcomes: string[] = [];
    // Two threads race for the error: about one in four survivors loses it.
    for (let attempt = 0; attempt < 12 && !outcomes.includes('fine'); attempt++)
      outcomes.push(...(await gatherWithTheDead('JS_CLEARS')));
    expect(outcomes).toContain('fine');
  });
});

describe('7: nothing is compiled while a model runs', () => {
  const directories: string[] = [];
  afterEach(() => {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  });

  /** A rank whose only compiler writes down that it was called, and never compiles anything. */
  async function startWithCompiler(...rules: Rule[]) {
    const directory = mkdtempSync(join(tmpdir(), 'rankscope-compiler-'));
    directories.push(directory);
    const log = join(directory, 'log');
    writeFileSync(join(directory, 'g++'), `#!/bin/sh\necho "$@" >> '${log}'\n[ "$1" = --version ]\n`, { mode: 0o755 });
    const { directory: addon, env } = without(...rules);
    const around = { ...env, PATH: directory, TMPDIR: directory, MLX_DISABLE_COMPILE: undefined };
    const rank = await started(startLoadedRanks({ world: 1, plan: 'single', directory: addon, env: around }));
    return { rank, calls: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []) };
  }

  test.each<[string, Rule[]]>([
    ['with it no compiler is called', []],
    ['nor where the environment would allow it: nothing asks for it', ['COMPILE']],
    ['nor where something asks for it: the environment forbids it', ['CALL_COMPILE']],
  ])('%s', async (_, rules) => {
    const { rank, calls } = await startWithCompiler(...rules);
    await rank.call({ call: 'warmup' });
    expect((await rank.generate({ tokens: prompt, maxTokens: 4 })).tokens).toEqual(answer);
    expect(calls()).toEqual([]);
  });

  test('without both a request starts a compiler, and fails with it', async () => {
    const { rank, calls } = await startWithCompiler('COMPILE', 'CALL_COMPILE');
    const failure = await within(10_000, 'the answer', rejection(rank.generate({ tokens: prompt, maxTokens: 4 })));
    expect(failure?.message).toContain('Failed to compile function');
    expect(calls().at(-1)).toMatch(/^-std=c\+\+17 .*\.cpp/);
  });

  test('the addon that people run links no compile, and reads none of the variables that break rules', () => {
    const [shipped, switchable] = [buildDirectory, switchableDirectory].map((directory) =>
      readFileSync(join(directory, 'rankscope.node'), 'latin1'),
    );
    for (const text of ['RANKSCOPE_NATIVE_TEST_', 'mlx4core7compile', 'mlx4core15set_wired_limit']) {
      expect(shipped, text).not.toContain(text);
      expect(switchable, text).toContain(text);
    }
  });
});

// The rule is the supervisor's: it starts the ranks, and OpenBLAS reads the variable when the addon is loaded.
test.skipIf(process.platform !== 'linux' || availableParallelism() < 2)(
  '7: told to use one thread, OpenBLAS brings none of its own; not told, it brings one for every other core',
  () => {
    const addon = JSON.stringify(join(buildDirectory, 'rankscope.node'));
    const script = `const threads = () => require('node:fs').readdirSync('/proc/self/task').length;
      const before = threads(); require(${addon}); console.log(threads() - before);`;
    const threadsBrought = (OPENBLAS_NUM_THREADS: string | undefined) => {
      const env = { ...process.env, OPENBLAS_NUM_THREADS, OMP_NUM_THREADS: undefined };
      return Number(execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8', timeout: 10_000 }));
    };
    expect(threadsBrought('1')).toBe(0);
    expect(threadsBrought(undefined)).toBeGreaterThan(0);
  },
);

describe('8: a limit without a getter', () => {
  /** From every place where somebody can read it. */
  async function wiredLimits(...rules: Rule[]) {
    const { directory } = without(...rules);
    const rank = await started(startLoadedRanks({ world: 1, plan: 'single', ...without(...rules) }));
    await until('the gauges of a loaded model', 5000, () => (rank.ringState().memory?.active ?? 0) > 0);
    const fromBinding = await rank.call({ call: 'memory', directory });
    expect(fromBinding).toMatchObject({ active: expect.any(Number), cache: expect.any(Number) });
    const snapshots = rank.entries().flatMap(({ memory }) => (memory === null ? [] : [memory]));
    expect(snapshots.length).toBeGreaterThan(0);
    return [fromBinding, rank.ringState().memory, ...snapshots];
  }

  test('is null everywhere: in the binding, in the recorder’s gauges, in every snapshot', async () => {
    for (const memory of await wiredLimits()) expect(memory).toMatchObject({ wiredLimit: null });
  });

  // MLX can only set it, and answers with what was set before: 0 where there is no such limit. On Metal asking in this
  // way would also take the limit away, which cannot be shown on a machine without Metal.
  test('asked for by setting it reads 0 everywhere, as if there were a limit and nothing might be wired', async () => {
    for (const memory of await wiredLimits('ASK_WIRED_LIMIT')) expect(memory).toMatchObject({ wiredLimit: 0 });
  });
});

describe('9: a tensor plan that does not divide', () => {
  async function joinThree(...rules: Rule[]): Promise<Rank[]> {
    const ranks = await startRanks({ world: 3, ...without(...rules) });
    await joinAll(ranks);
    return ranks;
  }
  const collectives = (rank: Rank | undefined) => rank?.entries().filter((entry) => entry.event === 'collective_enter');

  test('with it is refused by us, before the group is touched', async () => {
    const ranks = await joinThree();
    // Only one rank asks: were the group touched, it would wait for the others.
    const failure = await within(2000, 'the refusal', rejection(ranks[1]?.load(tinyDirectory, 'tensor')));
    expect(failure).toMatchObject({ name: 'TensorPlanRefusedError' });
    expect(failure?.message).toBe(
      'tensor plan over 3 ranks needs attention heads and kv heads divisible by 3; this model has 8 and 4; use pipeline, or 4 ranks',
    );
    expect(collectives(ranks[1])).toEqual([]);
  });

  test('without it the group is touched, loading succeeds, and every rank dies inside attention', async () => {
    const ranks = await joinThree('UNEVEN_PLANS');
    const early = ranks[1]?.load(tinyDirectory, 'tensor');
    await until('a collective', 5000, () => collectives(ranks[1])?.length === 1);
    const loads = [early, ...[0, 2].map((rank) => ranks[rank]?.load(tinyDirectory, 'tensor'))];
    expect(await Promise.all(loads.map((load) => outcome(load, 5000)))).toEqual(['fine', 'fine', 'fine']);
    for (const rank of ranks)
      expect((await within(5000, 'warmup', rejection(rank.call({ call: 'warmup' }))))?.message).toContain(
        '[reshape] Cannot reshape array of size',
      );
  });
});

describe('9: messages go to neighbours only', () => {
  async function messagesOfFour(...rules: Rule[]) {
    const ranks = await startLoadedRanks({ world: 4, plan: 'pipeline', ...without(...rules) });
    const answers = ranks.map((rank) => rank.generate({ tokens: prompt, maxTokens: 2 }));
    const failures = Promise.all(answers.map(rejection));
    return { ranks, failures: await within(10_000, 'all answers', failures) };
  }

  test('with it a pipeline of four hands over from each to the next', async () => {
    const { ranks, failures } = await messagesOfFour();
    expect(failures).toEqual([null, null, null, null]);
    const partners = ranks.map((rank) => {
      const messages = rank.entries().filter((entry) => entry.pointToPoint);
      return [...new Set(messages.map(({ op, peer }) => `${op} ${peer}`))];
    });
    expect(partners).toEqual([['send 1'], ['recv 0', 'send 2'], ['recv 1', 'send 3'], ['recv 2']]);
  });

  test('without it the ring has no socket for the message, and the request dies', async () => {
    const { failures } = await messagesOfFour('FAR_SENDS');
    expect(failures[0]?.message).toContain('[ring] Send only supported to direct neighbors');
    expect(failures.every((failure) => failure !== null)).toBe(true);
  });
});
