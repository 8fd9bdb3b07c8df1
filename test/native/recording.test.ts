import type { RingEntry } from '@rankscope/flight-recorder';
import { phaseFacts } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { type Rank, sleep, startLoadedRanks, within } from './support/ranks.ts';

const prompt = Int32Array.of(3, 203, 281, 272, 262, 276, 35, 1, 203, 4, 203); // "What is a rank?"
const count = Int32Array.of(3, 203, 39, 287, 82, 88, 18, 1, 203, 4, 203);

const decodeStream = phaseFacts.decode_stream.code;

/** Entries since `from`, as a drawing: `phase{ phase}`, collectives as `op`, marks as `event`. */
function draw(entries: readonly RingEntry[]): string {
  return entries
    .map((entry) => {
      if (entry.event === 'collective_enter') return `<${entry.op}`;
      if (entry.event === 'collective_exit') return '>';
      if (entry.kind === 'enter') return `${entry.phase}{`;
      if (entry.kind === 'exit') return '}';
      return entry.event;
    })
    .join(' ');
}

function since(rank: Rank, phase: string): readonly RingEntry[] {
  const entries = rank.entries();
  return entries.slice(entries.findIndex((entry) => entry.phase === phase && entry.kind === 'enter'));
}

test('a request leaves every phase and every collective in its place', async () => {
  const ranks = await startLoadedRanks({ world: 2, plan: 'pipeline' });
  const results = await Promise.all(
    ranks.map((rank) => rank.generate({ tokens: prompt, maxTokens: 2, prefillChunk: 8 })),
  );
  expect(results.map((result) => [...result.tokens])).toEqual([
    [37, 276],
    [37, 276],
  ]);
  const [first, last] = ranks.map((rank) => draw(since(rank, 'kv_cache_lookup')));
  const barrier = 'prefill_barrier{ <all_sum > }';
  const token = 'decode_wait_first_token{ <all_sum > }';
  expect(first).toBe(
    `kv_cache_lookup{ cache_miss } ${barrier} prefill_stream{ progress } prefill_pipeline{ <send > } ` +
      `${barrier} prefill_stream{ progress } prefill_pipeline{ <send > } ${token} ` +
      'decode_stream{ <send > } decode_barrier{ <all_sum > } memory',
  );
  expect(last).toBe(
    `kv_cache_lookup{ cache_miss } ${barrier} prefill_pipeline{ <recv > } prefill_stream{ progress } ` +
      `${barrier} prefill_pipeline{ <recv > } prefill_stream{ progress } ${token} ` +
      'decode_stream{ <recv > } decode_barrier{ <all_sum > } memory',
  );
});

test('a tensor rank says of which layer each collective is, and all number them alike', async () => {
  const ranks = await startLoadedRanks({ world: 2, plan: 'tensor' });
  await Promise.all(ranks.map((rank) => rank.generate({ tokens: prompt, maxTokens: 2 })));
  const [mine, theirs] = ranks.map((rank) =>
    since(rank, 'kv_cache_lookup')
      .filter((entry) => entry.event === 'collective_enter')
      .map(({ barrierSeq, layer, phase, a, b }) => ({ barrierSeq, layer, phase, bytes: a, eval: b })),
  );
  expect(mine).toEqual(theirs);
  const decoding = mine?.filter(({ phase }) => phase === 'decode_stream') ?? [];
  expect(decoding.map(({ layer }) => layer)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  expect(new Set(decoding.map((entry) => entry.eval)).size, 'one lazy graph, one eval').toBe(1);
  const ordinals = mine?.map(({ barrierSeq }) => barrierSeq ?? 0) ?? [];
  expect(ordinals).toEqual(ordinals.map((_, i) => (ordinals[0] ?? 0) + i));
});

test('a hung rank shows the exit before and nothing open, its peer the collective it waits in', async () => {
  const ranks = await startLoadedRanks({ world: 2, plan: 'tensor' });
  await ranks[1]?.call({ call: 'inject', kind: 1, phase: decodeStream, after: 11, delayMs: 0 });
  const answers = ranks.map((rank) => rank.generate({ tokens: prompt, maxTokens: 8 }));
  await sleep(700);
  const [waiting, hung] = ranks.map((rank) => rank.entries().filter((entry) => entry.op !== null));
  expect(hung?.at(-1)).toMatchObject({ event: 'collective_exit', phase: 'decode_stream', layer: 1 });
  expect(waiting?.at(-1)).toMatchObject({
    event: 'collective_enter',
    phase: 'decode_stream',
    layer: 1,
    barrierSeq: (hung?.at(-1)?.barrierSeq ?? 0) + 1,
  });
  expect(
    ranks[1]
      ?.entries()
      .filter((entry) => entry.rare)
      .map((entry) => entry.event),
  ).toContain('fault_injected');
  await ranks[1]?.call({ call: 'inject', kind: 0, phase: 0, after: 0, delayMs: 0 });
  const results = await within(5000, 'the released request', Promise.all(answers));
  expect([...(results[0]?.tokens ?? [])]).toEqual([37, 276, 272, 311, 450, 332, 399, 307]);
});

test('a cancel ends the request on every rank in the same step, and the cache stays whole', async () => {
  const ranks = await startLoadedRanks({ world: 2, plan: 'pipeline' });
  const { promise: tenth, resolve } = Promise.withResolvers<void>();
  const hear = (_token: number, index: number) => index === 10 && resolve();
  const answers = ranks.map((rank) => rank.generate({ tokens: count, maxTokens: 400 }, hear));
  await tenth;
  await ranks[0]?.call({ call: 'cancel' });
  const [one, two] = await Promise.all(answers);
  expect(one?.finishReason).toBe('cancelled');
  expect(two).toMatchObject({ finishReason: 'cancelled', tokens: one?.tokens });
  for (const rank of ranks) expect(draw(rank.entries())).toMatch(/cancel_observed\{ \}$/);
  // A prompt that goes on where the cancelled one was: its beginning is not computed again, and the answer is right.
  const longer = Int32Array.of(...count, ...(one?.tokens ?? []));
  const again = await Promise.all(ranks.map((rank) => rank.generate({ tokens: longer, maxTokens: 6 })));
  const fresh = await startLoadedRanks({ world: 1, plan: 'single' });
  const expected = await fresh[0]?.generate({ tokens: longer, maxTokens: 6 });
  expect(again[0]?.cachedTokens).toBeGreaterThan(count.length);
  expect(again[0]?.cachedTokens).toBe(again[1]?.cachedTokens);
  for (const result of again) expect(result.tokens).toEqual(expected?.tokens);
});

test('the same seed gives the same tokens whatever the plan, and another seed others', async () => {
  const sampled = {
    tokens: prompt,
    maxTokens: 24,
    temperature: 1.6,
    topP: 0.95,
    topK: 50,
    minP: 0.01,
    repetitionPenalty: 1.1,
  };
  const [alone] = await startLoadedRanks({ world: 1, plan: 'single' });
  const pair = await startLoadedRanks({ world: 2, plan: 'pipeline' });
  const one = await alone?.generate({ ...sampled, seed: 7 });
  const other = await alone?.generate({ ...sampled, seed: 8 });
  const [left, right] = await Promise.all(pair.map((rank) => rank.generate({ ...sampled, seed: 7 })));
  expect(left?.tokens).toEqual(one?.tokens);
  expect(right?.tokens).toEqual(one?.tokens);
  expect(other?.tokens).not.toEqual(one?.tokens);
});

test('a gather brings what every rank said, in rank order, in the phase that was asked for', async () => {
  const ranks = await startLoadedRanks({ world: 2, plan: 'pipeline' });
  const phase = phaseFacts.task_agreement.code;
  const answers = await Promise.all(
    ranks.map((rank) => rank.call({ call: 'gather', phase, bytes: Uint8Array.of(rank.rank, 9) })),
  );
  for (const answer of answers) expect(answer).toEqual([Uint8Array.of(0, 9), Uint8Array.of(1, 9)]);
  expect(ranks[0]?.entries().at(-1)).toMatchObject({
    phase: 'task_agreement',
    op: 'all_gather',
    event: 'collective_exit',
    a: 2,
  });
});
