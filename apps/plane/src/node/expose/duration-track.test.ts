import type { RingEntry } from '@rankscope/flight-recorder';
import { expect, test } from 'vitest';
import { createDurationTrack } from './duration-track.ts';

const commandId = '01a2040d-ee42-77d5-a1be-000000000001';
const blank: RingEntry = {
  n: 0,
  tMonoNs: 0n,
  phase: 'idle',
  kind: 'enter',
  event: 'enter',
  op: null,
  dtype: null,
  group: 0,
  barrierSeq: null,
  layer: null,
  peer: null,
  a: 0,
  b: 0,
  cell: 0,
  text: null,
  textCut: false,
  attrs: null,
  attrsLost: false,
  rare: false,
  pointToPoint: false,
  commandId: null,
  taskId: null,
  memory: null,
};

/** `idle+ 0`, `idle- 5`, `[7 10`, `]7 12`: in and out of phases and collectives, at milliseconds; `…` is a gap. */
function trackOf(drawing: string, more: (piece: string) => Partial<RingEntry> = () => ({})) {
  const track = createDurationTrack();
  let n = 0;
  for (const piece of drawing.split(',').map((text) => text.trim())) {
    const [what = '', at = '0'] = piece.split(' ');
    if (what === '…') n += 10;
    const collective = /^([[\]])(\d+)$/.exec(what);
    const entry = collective
      ? {
          op: 'all_sum',
          barrierSeq: Number(collective[2]),
          event: collective[1] === '[' ? 'collective_enter' : 'collective_exit',
          kind: collective[1] === '[' ? 'enter' : 'exit',
          cell: 1,
        }
      : { phase: what.slice(0, -1), kind: what.endsWith('+') ? 'enter' : 'exit' };
    if (what !== '…') track.see({ ...blank, ...entry, n, tMonoNs: BigInt(Number(at) * 1e6), ...more(piece) });
    n += 1;
  }
  const phases = Object.fromEntries([...track.phases].map(([phase, { count, sum }]) => [phase, [count, ms(sum)]]));
  return { track, phases, collectives: [track.collectives.count, ms(track.collectives.sum)] };
}

const ms = (seconds: number) => Math.round(seconds * 1e3);

test('a phase counts when it ends, one inside another in both', () => {
  expect(trackOf('load_model+ 0, warmup+ 10, warmup- 30, load_model- 100, idle+ 100').phases).toEqual({
    warmup: [1, 20],
    load_model: [1, 100],
  });
});

test('an inner phase whose end was never recorded does not swallow the outer one', () => {
  expect(trackOf('a+ 0, b+ 10, a- 50, a+ 60, a- 61').phases).toEqual({ a: [2, 51] });
});

test('nothing is paired across a gap', () => {
  const { phases, collectives } = trackOf('idle+ 0, [1 5, … 0, idle- 100, ]1 101, idle+ 102, idle- 103');
  expect(phases).toEqual({ idle: [1, 1] });
  expect(collectives).toEqual([0, 0]);
});

test('collectives are paired by their number, sends and receives by their peer too', () => {
  expect(trackOf('[1 0, ]1 4, [2 5, ]2 11').collectives).toEqual([2, 10]);
  const toPeer = (piece: string) => ({ pointToPoint: true, peer: piece.endsWith('0') ? 1 : 2 });
  expect(trackOf('[1 0, [1 3, ]1 10', toPeer).collectives, 'both to rank 1').toEqual([1, 10]);
  expect(trackOf('[1 0, ]1 3', toPeer).collectives, 'to rank 1, from rank 2').toEqual([0, 0]);
});

test('the newest duration of each bucket that belongs to a command is its example', () => {
  const { track } = trackOf('idle+ 0, idle- 3, idle+ 10, idle- 14, idle+ 20, idle- 900', (piece) =>
    piece === 'idle- 14' || piece === 'idle- 3' ? { commandId } : {},
  );
  const idle = track.phases.get('idle');
  expect(idle?.exemplars.filter((found) => found !== null)).toEqual([
    { commandId, seconds: 0.004, endedAtNs: 14_000_000n },
  ]);
  expect(idle?.counts.reduce((sum, count) => sum + count, 0)).toBe(3);
});
