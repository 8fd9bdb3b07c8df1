import { expect, test } from 'vitest';
import { drawLanes } from './draw-lanes.ts';
import { drawnLanes } from './drawn-lanes.ts';
import { formatDrawing } from './format-drawing.ts';
import { createInstantReader } from './instant.ts';
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
