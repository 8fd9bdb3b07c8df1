import type { ClusterTimelineEntry } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { drawnLanes } from './drawn-lanes.ts';
import { formatUs } from './instant.ts';
import type { Lane } from './lane.ts';
import { type LaneOptions, lanes } from './lanes.ts';

const t0 = Date.UTC(2026, 0, 1) * 1000;

type Point = readonly [
  second: number,
  phase: string,
  event: string,
  attrs?: ClusterTimelineEntry['attrs'],
  detail?: string,
];

/** A lane of points at whole seconds; numbered unless `seq` is given as NaN. */
function laneOf(points: readonly Point[], runner: Partial<Lane['runner']> = {}, options: LaneOptions = {}): Lane {
  const drawn = drawnLanes('rank 0  d');
  const timeline = points.map(([second, phase, event, attrs = {}, detail], at): ClusterTimelineEntry => {
    const { seq, ...rest } = { seq: at, ...attrs };
    return {
      at: formatUs(t0 + second * 1e6),
      nodeId: 'node-0',
      runnerId: 'run-0',
      deviceRank: 0,
      worldSize: 1,
      phase,
      event,
      detail: detail ?? null,
      attrs: Number.isNaN(seq) ? rest : { seq, ...rest },
      taskId: null,
      commandId: null,
      mlxMemory: null,
    };
  });
  const runners = drawn.runners.map((r) => ({ ...r, ...runner }));
  const [lane] = lanes({ ...drawn, generatedAt: formatUs(t0 + 100e6), timeline, runners }, options);
  if (!lane) throw new Error('no lane');
  return lane;
}

const at = (us: number | null) => (us === null ? null : (us - t0) / 1e6);
const slices = (lane: Lane) => lane.slices.map((s) => [s.phase, at(s.startUs), at(s.endUs)]);
const sites = (lane: Lane) => lane.sites.map((s) => [s.op, s.barrierSeq, at(s.startUs), at(s.endUs), s.lost]);

test('enter and exit make a slice; an enter without exit is still inside', () => {
  const lane = laneOf([
    [1, 'load_model', 'enter'],
    [4, 'load_model', 'exit'],
    [5, 'warmup', 'enter'],
  ]);
  expect(slices(lane)).toEqual([
    ['load_model', 1, 4],
    ['warmup', 5, null],
  ]);
});

test('after an inner phase the outer one goes on', () => {
  const lane = laneOf([
    [1, 'decode_stream', 'enter'],
    [2, 'decode_barrier', 'enter'],
    [3, 'decode_barrier', 'exit'],
    [5, 'decode_stream', 'exit'],
  ]);
  expect(slices(lane)).toEqual([
    ['decode_stream', 1, 2],
    ['decode_barrier', 2, 3],
    ['decode_stream', 3, 5],
  ]);
});

test('recorders that never write an exit: the next phase ends the last', () => {
  const lane = laneOf([
    [1, 'idle', 'runner_ready'],
    [2, 'task_submission', 'queue_admitted'],
    [3, 'prompt_build', 'enter'],
    [4, 'prefill_stream', 'chunk'],
  ]);
  expect(slices(lane)).toEqual([
    ['idle', 1, 2],
    ['task_submission', 2, 3],
    ['prompt_build', 3, 4],
    ['prefill_stream', 4, null],
  ]);
});

test('a task that failed leaves nothing to come back to', () => {
  const lane = laneOf([
    [1, 'decode_stream', 'enter'],
    [2, 'error', 'exception'],
    [3, 'idle', 'enter'],
    [4, 'idle', 'exit'],
  ]);
  expect(slices(lane)).toEqual([
    ['decode_stream', 1, 2],
    ['error', 2, 3],
    ['idle', 3, 4],
  ]);
});

test('a collective does not touch the phase of the loop', () => {
  const seq = (n: number) => ({ op: 'all_sum', barrierSeq: n });
  const lane = laneOf([
    [1, 'decode_barrier', 'enter'],
    [2, 'decode_stream', 'collective_enter', seq(411)],
    [3, 'decode_stream', 'collective_exit', seq(411)],
    [4, 'decode_barrier', 'collective_enter', seq(412)],
  ]);
  expect(slices(lane)).toEqual([['decode_barrier', 1, null]]);
  expect(sites(lane)).toEqual([
    ['all_sum', 411, 2, 3, false],
    ['all_sum', 412, 4, null, false],
  ]);
});

test('a recorder that numbers its gates has sites too, and a gate with its own collective has one, not two', () => {
  expect(
    sites(
      laneOf([
        [1, 'decode_stream', 'enter', { barrierSeq: 8 }],
        [2, 'decode_stream', 'exit', { barrierSeq: 8 }],
      ]),
    ),
  ).toEqual([['collective', 8, 1, 2, false]]);
  const both = laneOf([
    [1, 'decode_barrier', 'enter', { barrierSeq: 8 }],
    [2, 'decode_barrier', 'collective_enter', { op: 'all_sum', barrierSeq: 8 }],
    [3, 'decode_barrier', 'collective_exit', { op: 'all_sum', barrierSeq: 8 }],
    [4, 'decode_barrier', 'exit', { barrierSeq: 8 }],
  ]);
  expect(sites(both)).toEqual([['all_sum', 8, 1, 3, false]]);
});

test('a foreign site is named by its detail and its peer', () => {
  const lane = laneOf([[1, 'decode_stream', 'enter', { seq: Number.NaN, src: 4 }, 'pipeline_first_recv_like']]);
  expect(lane.sites[0]).toMatchObject({ op: 'pipeline_first_recv_like', peer: 4, barrierSeq: null, endUs: null });
  expect(slices(lane)).toEqual([['decode_stream', 1, null]]);
});

test('the parser runs beside decoding and does not break it', () => {
  const lane = laneOf([
    [1, 'decode_stream', 'enter'],
    [2, 'parser', 'enter'],
    [3, 'parser', 'exit'],
    [4, 'decode_stream', 'exit'],
  ]);
  expect(slices(lane)).toEqual([['decode_stream', 1, 4]]);
  expect(lane.overlays.map((s) => [s.phase, at(s.startUs), at(s.endUs)])).toEqual([['parser', 2, 3]]);
});

test('which thread wrote an entry counts for more than the name of its phase', () => {
  const lane = laneOf([
    [1, 'decode_stream', 'enter'],
    [2, 'completion', 'enter', { cell: 2 }],
    [3, 'completion', 'exit', { cell: 2 }],
    [4, 'decode_stream', 'exit'],
    [5, 'parser', 'enter', { cell: 0 }],
    [6, 'parser', 'exit', { cell: 0 }],
  ]);
  expect(slices(lane)).toEqual([
    ['decode_stream', 1, 4],
    ['parser', 5, 6],
  ]);
  expect(lane.overlays.map((s) => [s.phase, at(s.startUs), at(s.endUs)])).toEqual([['completion', 2, 3]]);
});

test('what a filter left out is no gap; what the recorder says it lost is one', () => {
  const points: Point[] = [
    [1, 'decode_stream', 'enter', { seq: 4 }],
    [2, 'decode_barrier', 'enter', { seq: 90 }],
    [3, 'decode_barrier', 'exit', { seq: 200, dropped: 2 }],
  ];
  expect(laneOf(points).gaps.map(({ lost }) => lost)).toEqual([85, 109]);
  expect(laneOf(points, {}, { filtered: true }).gaps.map(({ lost }) => lost)).toEqual([2]);
});

test('a supervisor speaks of the process, never of the phase; after death nothing is open', () => {
  const lane = laneOf(
    [
      [1, 'decode_stream', 'enter'],
      [2, 'decode_stream', 'collective_enter', { op: 'recv', barrierSeq: 3, waitingOn: 1 }],
      [3, 'idle', 'process_stalled', { source: 'supervisor', seq: 0 }],
      [9, 'shutdown_cleanup', 'process_died', { source: 'supervisor', seq: 1 }],
    ],
    { processAlive: false },
  );
  expect(lane.slices).toMatchObject([{ phase: 'decode_stream', lost: true }]);
  expect(slices(lane)).toEqual([['decode_stream', 1, 9]]);
  expect(sites(lane)).toEqual([['recv', 3, 2, 9, true]]);
  expect(lane.marks.map(({ kind, event }) => [kind, event])).toEqual([
    ['supervisor', 'process_stalled'],
    ['error', 'process_died'],
  ]);
});

test('where entries are missing nothing is carried across', () => {
  const jump = laneOf([
    [1, 'decode_stream', 'enter'],
    [2, 'decode_stream', 'progress'],
    [6, 'decode_barrier', 'exit', { seq: 10 }],
  ]);
  expect(jump.gaps.map((g) => [at(g.startUs), at(g.endUs), g.lost])).toEqual([[2, 6, 8]]);
  expect(slices(jump)).toEqual([
    ['decode_stream', 1, 2],
    ['decode_barrier', 6, 6],
  ]);
  const told = laneOf([
    [1, 'idle', 'enter'],
    [5, 'idle', 'exit', { dropped: 3 }],
  ]);
  expect(told.gaps[0]?.lost).toBe(3);
});

test('two recorders of one runner count apart', () => {
  const supervised: Point = [2, 'idle', 'process_started', { source: 'supervisor', seq: 0 }];
  expect(laneOf([[1, 'idle', 'enter', { seq: 500 }], supervised, [3, 'idle', 'exit', { seq: 501 }]]).gaps).toEqual([]);
});

test('an unknown phase keeps its name; a lane without entries stands where its node says', () => {
  expect(slices(laneOf([[1, 'warp_drive', 'enter']]))).toEqual([['warp_drive', 1, null]]);
  expect(slices(laneOf([], { phase: 'idle', secondsInPhase: 40 }))).toEqual([['idle', 60, null]]);
});
