import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  joinAll,
  type Rank,
  type RankFailure,
  sleep,
  startLoadedRanks,
  startRanks,
  switchableDirectory,
  within,
} from './support/ranks.ts';

// The nine rules of the engine. Where a rule can be switched off (the test variant of the addon reads
// RANKSCOPE_NATIVE_TEST_*), the test first shows what happens without it.

const prompt = Int32Array.of(3, 203, 281, 272, 262, 276, 35, 1, 203, 4, 203);
const count = Int32Array.of(3, 203, 39, 287, 82, 88, 18, 1, 203, 4, 203);
const without = (...rules: string[]) => ({
  directory: switchableDirectory,
  env: Object.fromEntries(rules.map((rule) => [`RANKSCOPE_NATIVE_TEST_${rule}`, '1'])),
});

const rejection = (promise: Promise<unknown> | undefined): Promise<RankFailure | null> =>
  (promise ?? Promise.resolve()).then(
    () => null,
    (error: RankFailure) => error,
  );

/** Kills the last rank while the others decode; says of each survivor whether its call ended within the time. */
async function killWhileDecoding(ranks: readonly Rank[], ms: number): Promise<readonly string[]> {
  const { promise: decoding, resolve } = Promise.withResolvers<void>();
  const answers = ranks.map((rank) =>
    rank.generate({ tokens: count, maxTokens: 400 }, (_, index) => index === 5 && resolve()),
  );
  await decoding;
  ranks.at(-1)?.child.kill('SIGKILL');
  const survivors = answers.slice(0, -1);
  return Promise.all(
    survivors.map((answer) =>
      Promise.race([rejection(answer).then((e) => e?.name ?? 'fine'), sleep(ms).then(() => 'hung')]),
    ),
  );
}

const hang = { call: 'inject', kind: 1, phase: 0, after: 12, delayMs: 0 } as const;

describe('1: a window of one collective', () => {
  test('without it, and with another thread first in MLX, a survivor of a dead peer hangs', async () => {
    const outcomes: string[] = [];
    // Three attempts: how many collectives the dead peer leaves behind is a matter of luck.
    for (let attempt = 0; attempt < 3 && !outcomes.includes('hung'); attempt++) {
      const pair = await startLoadedRanks({ world: 2, plan: 'tensor', ...without('NO_WINDOW', 'JS_FIRST') });
      outcomes.push(...(await killWhileDecoding(pair, 3000)));
      for (const rank of pair) rank.child.kill('SIGKILL');
    }
    expect(outcomes).toContain('hung');
  });

  test('with it every survivor ends with an error', async () => {
    for (let attempt = 0; attempt < 3; attempt++) {
      const pair = await startLoadedRanks({ world: 2, plan: 'tensor' });
      expect(await killWhileDecoding(pair, 3000)).toEqual(['PeerLostError']);
      for (const rank of pair) rank.child.kill('SIGKILL');
    }
  });
});

test('2: all of MLX runs on one thread of its own, and the event loop goes on', async () => {
  const [rank] = await startLoadedRanks({ world: 1, plan: 'single' });
  const answer = rank?.generate({ tokens: count, maxTokens: 300 });
  const started = performance.now();
  await rank?.memory();
  expect(performance.now() - started, 'JavaScript answers while the engine works').toBeLessThan(150);
  expect((await answer)?.tokens.length).toBe(300);
  const threads = readFileSync(`/proc/${rank?.child.pid}/status`, 'utf8').match(/Threads:\s+(\d+)/)?.[1];
  // Node's own, the engine, the watchdog, and one stream of MLX: a second stream would be a second thread that computed.
  expect(Number(threads)).toBeLessThan(24);
});

test('3: one strike, and every later call is refused at once', async () => {
  const [survivor, victim] = await startLoadedRanks({ world: 2, plan: 'tensor' });
  const answer = survivor?.generate({ tokens: count, maxTokens: 400 });
  void victim?.generate({ tokens: count, maxTokens: 400 });
  await sleep(100);
  victim?.child.kill('SIGKILL');
  expect(await rejection(answer)).toMatchObject({ name: 'PeerLostError' });
  for (const call of ['warmup', 'dropCaches', 'joinGroup'] as const) {
    const failure = await rejection(survivor?.call({ call }));
    expect(failure).toMatchObject({ name: 'PeerLostError' });
    expect(failure?.ms).toBeLessThan(50);
  }
});

describe('4: a silent peer', () => {
  test('without deadlines nobody ever notices', async () => {
    const [waiting, silent] = await startLoadedRanks({
      world: 2,
      plan: 'tensor',
      ...without('NO_DEADLINES'),
      engine: { collectiveMs: 300 },
    });
    await silent?.call(hang);
    const answer = waiting?.generate({ tokens: count, maxTokens: 400 });
    void silent?.generate({ tokens: count, maxTokens: 400 });
    expect(await Promise.race([rejection(answer), sleep(2500).then(() => 'hung')])).toBe('hung');
  });

  test('with them the call is rejected, JavaScript has a second, and the process ends with the code it was given', async () => {
    const [waiting, silent] = await startLoadedRanks({ world: 2, plan: 'tensor', engine: { collectiveMs: 400 } });
    await silent?.call(hang);
    const answer = waiting?.generate({ tokens: count, maxTokens: 400 });
    void silent?.generate({ tokens: count, maxTokens: 400 });
    expect(await within(3000, 'the rejection', rejection(answer))).toMatchObject({ name: 'CollectiveDeadlineError' });
    expect(await within(3000, 'the end', waiting?.ended ?? Promise.reject())).toEqual({ code: 14, signal: null });
    const rare = waiting?.entries().filter((entry) => entry.rare) ?? [];
    expect(rare.map((entry) => entry.event)).toEqual(expect.arrayContaining(['deadline_passed', 'collective_failed']));
    expect(rare.find((entry) => entry.event === 'deadline_passed')).toMatchObject({
      op: 'all_sum',
      phase: 'decode_stream',
    });
  });

  test('a peer that was stopped by a signal is broken off by abort', async () => {
    const [waiting, stopped] = await startLoadedRanks({ world: 2, plan: 'tensor' });
    const answer = waiting?.generate({ tokens: count, maxTokens: 400 });
    void stopped?.generate({ tokens: count, maxTokens: 400 });
    await sleep(80);
    stopped?.child.kill('SIGSTOP');
    await sleep(200);
    await waiting?.call({ call: 'abort', reason: 'the supervisor gave up' });
    const failure = await within(1000, 'the rejection', rejection(answer));
    expect(failure).toMatchObject({ name: 'PeerLostError' });
    expect(failure?.message).toContain('the supervisor gave up');
  });
});

test.each([
  ['an abort wakes a rank that sleeps in an injected hang', {}, 'PeerLostError'],
  ['without the release flag shutdown does not reach it', without('KEEP_FAULTS'), 'hung'],
])('4: %s', async (_, variant, expected) => {
  const [waiting, silent] = await startLoadedRanks({ world: 2, plan: 'tensor', ...variant });
  await silent?.call(hang);
  void waiting?.generate({ tokens: count, maxTokens: 400 });
  const answer = silent?.generate({ tokens: count, maxTokens: 400 });
  await sleep(800);
  await silent?.call({ call: 'abort', reason: 'enough' });
  expect(await Promise.race([rejection(answer).then((e) => e?.name), sleep(1500).then(() => 'hung')])).toBe(expected);
});

test('4: process.exit is obeyed by a rank that is stuck, and by one whose group is broken', async () => {
  const [waiting, silent] = await startLoadedRanks({ world: 2, plan: 'tensor' });
  await silent?.call(hang);
  const answer = waiting?.generate({ tokens: count, maxTokens: 400 });
  void silent?.generate({ tokens: count, maxTokens: 400 });
  await sleep(500);
  void silent?.call({ call: 'exit', code: 7 });
  expect(await within(2000, 'the end of the hung rank', silent?.ended ?? Promise.reject())).toEqual({
    code: 7,
    signal: null,
  });
  expect(await within(2000, 'the rejection', rejection(answer))).toMatchObject({ name: 'PeerLostError' });
  void waiting?.call({ call: 'exit', code: 13 });
  expect(await within(2000, 'the end of the survivor', waiting?.ended ?? Promise.reject())).toEqual({
    code: 13,
    signal: null,
  });
});

test('4: process.exit is obeyed inside a collective that never ends', async () => {
  const [waiting, silent] = await startLoadedRanks({ world: 2, plan: 'tensor' });
  await silent?.call(hang);
  for (const rank of [waiting, silent]) void rank?.generate({ tokens: count, maxTokens: 400 });
  await sleep(500);
  void waiting?.call({ call: 'exit', code: 9 });
  expect(await within(2000, 'the end', waiting?.ended ?? Promise.reject())).toEqual({ code: 9, signal: null });
});

test('5: memory and links answer while the engine is stuck', async () => {
  const [waiting, silent] = await startLoadedRanks({ world: 2, plan: 'tensor' });
  await silent?.call(hang);
  const answers = [waiting, silent].map((rank) => rank?.generate({ tokens: count, maxTokens: 400 }));
  await sleep(400);
  for (const rank of [waiting, silent]) {
    expect((await within(500, 'memory', rank?.memory() ?? Promise.reject())).active).toBeGreaterThan(0);
    expect(await within(500, 'links', rank?.links() ?? Promise.reject())).toHaveLength(2);
  }
  // What clears a stream's error is not offered to JavaScript's thread: it waits for its turn, and is refused.
  expect(await rejection(waiting?.call({ call: 'dropCaches' }))).toMatchObject({ name: 'EngineCallOrderError' });
  await silent?.call({ call: 'inject', kind: 0, phase: 0, after: 0, delayMs: 0 });
  await within(60_000, 'the released request', Promise.all(answers));
});

test('6: a rank that never comes ends the others by their deadline, with its own exit code', async () => {
  const ranks = await startRanks({ world: 3, engine: { connectMs: 1500 } });
  const present = [ranks[0], ranks[2]]; // one will throw after half a minute, one would wait for ever
  const joins = present.map((rank) => rank?.call({ call: 'joinGroup' }));
  for (const [i, rank] of present.entries()) {
    expect(await within(6000, 'the end', rank?.ended ?? Promise.reject()), `rank ${rank?.rank}`).toEqual({
      code: 12,
      signal: null,
    });
    expect(await rejection(joins[i])).not.toBeNull();
    const entries = rank?.entries() ?? [];
    expect(entries.find((entry) => entry.event === 'deadline_passed')).toMatchObject({
      phase: 'connect_group',
      op: 'init',
      rare: true,
    });
  }
  expect(existsSync(`${ranks[0]?.ringPath}.hosts.json`)).toBe(true); // the process died inside; its directory goes with it
});

test('7: nothing is compiled while a model runs', async () => {
  // A compiler that MLX could start would be found on the PATH; there is none.
  const [rank] = await startLoadedRanks({ world: 1, plan: 'single', env: { PATH: '/nonexistent' } });
  await rank?.call({ call: 'warmup' });
  expect((await rank?.generate({ tokens: prompt, maxTokens: 4 }))?.tokens).toEqual(Int32Array.of(37, 276, 272, 311));
});

test('8: a limit without a getter is null, not a guess', async () => {
  const [rank] = await startLoadedRanks({ world: 1, plan: 'single' });
  expect(await rank?.memory()).toMatchObject({ wiredLimit: null, active: expect.any(Number) });
});

test('9: what the ring cannot do is refused by us, before the group is touched', async () => {
  const ranks = await startRanks({ world: 3 });
  await joinAll(ranks);
  const failure = await rejection(
    ranks[1]?.load(new URL('../../native/models/tiny', import.meta.url).pathname, 'tensor'),
  );
  expect(failure).toMatchObject({ name: 'TensorPlanRefusedError' });
  expect(failure?.message).toBe(
    'tensor plan over 3 ranks needs attention heads and kv heads divisible by 3; this model has 8 and 4; use pipeline, or 4 ranks',
  );
});
