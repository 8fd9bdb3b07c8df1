import type { ClusterTimeline, ClusterTimelineEntry } from '@rankscope/schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawLanes } from './draw-lanes.ts';
import { drawnLanes } from './drawn-lanes.ts';
import { formatDrawing } from './format-drawing.ts';
import { createInstantReader, formatUs } from './instant.ts';
import { lanes } from './lanes.ts';

function draw(text: string, columns: number, stepUs = 1e6): string {
  const timeline = drawnLanes(text);
  return formatDrawing(
    drawLanes(lanes(timeline), { nowUs: createInstantReader()(timeline.generatedAt), stepUs, columns }),
  );
}

const frozen = `
                |20 s     |10 s  now
rank 0  __llGGww..sAbkPPffDdDdDDDDDD  decode_barrier  6.0 s  in all_sum 413
rank 1  __llGGww..sAbkPPffDdDddddddd  decode_stream   7.0 s  left 412
rank 2  __llGGww..s---PPffDdDDxxXXXX  ended           4.0 s  left 412
one mark = 1 s · capitals wait for peers · . idle · G connect_group · l load_model · w warmup
s task_submission · A task_agreement · b prompt_build · k kv_cache_lookup · P prefill_barrier
f prefill_stream · D decode_barrier · d decode_stream · x error · _ nothing known · - not recorded
X ended`;

test('the drawing of a drawing is the drawing', () => {
  expect(`\n${draw(frozen, 28)}`).toBe(frozen);
});

test('so it is with another step, with phases of others, and with a rank that did not report', () => {
  const text = `
                  |2.5 s    now
rank 0  ____..DDDDDDDDDD????  warp_drive    1.0 s  in recv 17 from rank 2
rank 2  __oo....cccc....dddd  decode_stream 1.0 s  in all_gather 9
rank 1                        not reported
one mark = 250 ms`;
  const drawn = draw(text, 20, 250_000);
  expect(draw(drawn, 20, 250_000)).toBe(drawn);
  expect(drawn).toContain('rank 0  ____..DDDDDDDDDD????  warp_drive     1.0 s  in recv 17 from rank 2');
  expect(drawn).toMatch(/rank 1 {24}not reported\n/);
  expect(drawn).toContain('? unknown phase');
});

const missed = `
                  |20 s     |10 s  now
  rank 0  __llGGww..sAbkPPffDdDdDDDDDD  decode_barrier  6.0 s  in all_sum 413
◆ rank 1  __llGGww..sAbkPPffDdDd◆◆◆◆◆◆  decode_barrier  7.0 s  left 412, not in 413
  rank 2  __llGGww..sAbkPP◆◆◆dDdDDDDDD  decode_barrier  6.0 s  in all_sum 413
one mark = 1 s · capitals wait for peers · ◆ peers wait for it · . idle · G connect_group
l load_model · w warmup · s task_submission · A task_agreement · b prompt_build · k kv_cache_lookup
P prefill_barrier · f prefill_stream · D decode_barrier · d decode_stream · _ nothing known`;

test('a rank that stands in a gate while its peers are inside is not drawn as waiting; a drawing of that is the same', () => {
  expect(`\n${draw(missed, 28)}`).toBe(missed);
});

/** Rounds of work and a barrier; a barrier ends when the last has come, and to the last one some do not come. */
const story = fc.record({
  stepUs: fc.constantFrom(100_000, 250_000, 1e6),
  rounds: fc.array(
    fc.array(fc.record({ work: fc.nat(2000), late: fc.constantFrom(0, 0, 3, 300, 1800) }), {
      minLength: 3,
      maxLength: 3,
    }),
    { minLength: 1, maxLength: 5 },
  ),
  comes: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  tail: fc.integer({ min: 1, max: 5000 }),
});

test('whatever is seen, the drawing of its drawing is the drawing', () => {
  fc.assert(
    fc.property(story, ({ stepUs, rounds, comes, tail }) => {
      const timeline = told(rounds, comes, tail);
      const nowUs = createInstantReader()(timeline.generatedAt);
      const first = formatDrawing(drawLanes(lanes(timeline), { nowUs, stepUs, columns: 60 }));
      expect(draw(`one mark = ${stepUs / 1000} ms\n${first}`, 60, stepUs)).toBe(first);
    }),
    { numRuns: 200 },
  );
});

type Rounds = readonly (readonly { readonly work: number; readonly late: number }[])[];

function told(rounds: Rounds, comes: readonly boolean[], tailMs: number): ClusterTimeline {
  const drawn = drawnLanes('rank 0  d\nrank 1  d\nrank 2  d');
  const ms = (at: number) => formatUs(Date.UTC(2026, 0, 1) * 1000 + at * 1000);
  const clocks = [0, 0, 0];
  const entries: ClusterTimelineEntry[] = [];
  const put = (rank: number, at: number, phase: string, event: string, barrierSeq?: number) =>
    entries.push({
      ...{ at: ms(at), nodeId: `node-${rank}`, runnerId: `run-${rank}`, deviceRank: rank, worldSize: 3, phase, event },
      attrs: barrierSeq === undefined ? {} : { op: 'all_sum', group: 0, barrierSeq },
      ...{ detail: null, taskId: null, commandId: null, mlxMemory: null },
    });
  for (const [n, round] of rounds.entries()) {
    const last = n === rounds.length - 1;
    const entered = round.map(({ work, late }, rank) => {
      put(rank, clocks[rank] ?? 0, 'decode_stream', 'enter');
      const gate = (clocks[rank] ?? 0) + work;
      put(rank, gate, 'decode_stream', 'exit');
      put(rank, gate, 'decode_barrier', 'enter');
      if (!last || comes[rank]) put(rank, gate + late, 'decode_barrier', 'collective_enter', 400 + n);
      return gate + late;
    });
    const met = Math.max(...entered);
    clocks.fill(met);
    if (last && !comes.every(Boolean)) break;
    for (const rank of [0, 1, 2]) put(rank, met, 'decode_barrier', 'collective_exit', 400 + n);
    for (const rank of [0, 1, 2]) put(rank, met, 'decode_barrier', 'exit');
    if (last) for (const rank of [0, 1, 2]) put(rank, met, 'decode_stream', 'enter');
  }
  const nowMs = (clocks[0] ?? 0) + tailMs;
  const phaseOf = (rank: number) =>
    entries.findLast(({ deviceRank, event }) => deviceRank === rank && event === 'enter');
  const runners = drawn.runners.map((runner, rank) => ({ ...runner, phase: phaseOf(rank)?.phase ?? 'idle' }));
  const numbered = [0, 1, 2].flatMap((rank) =>
    entries
      .filter(({ deviceRank }) => deviceRank === rank)
      .map((entry, seq) => ({ ...entry, attrs: { ...entry.attrs, seq } })),
  );
  return { ...drawn, generatedAt: ms(nowMs), runners, timeline: numbered };
}

test('no line is wider than a terminal of 100 columns', () => {
  for (const line of draw(frozen, 28).split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

test('an error too short to see is seen', () => {
  const timeline = drawnLanes('rank 0  ddddxdddd');
  const drawing = drawLanes(lanes(timeline), {
    nowUs: createInstantReader()(timeline.generatedAt),
    stepUs: 3e6,
    columns: 3,
  });
  expect(drawing.rows[0]?.cells.map(({ mark }) => mark).join('')).toBe('dxd');
});

test('columns stand still while time passes', () => {
  const all = lanes(drawnLanes('rank 0  ddddDDDD'));
  const [row] = drawLanes(all, {
    nowUs: createInstantReader()('2026-01-01T00:00:08.400000Z'),
    stepUs: 1e6,
    columns: 9,
  }).rows;
  expect(row?.cells.map(({ mark }) => mark).join('')).toBe('ddddDDDDD');
});

test('a mark that means nothing is refused with its rank', () => {
  expect(() => drawnLanes('rank 3  ll%%')).toThrow('rank 3: no phase is drawn as %');
  expect(() => drawnLanes('rank 3  ll--')).toThrow('rank 3: a gap has no end');
});
