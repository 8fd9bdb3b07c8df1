import { expect, test } from 'vitest';
import {
  axisOf,
  chartsOf,
  heldTexts,
  type MemoryChart,
  maxCharts,
  stepsOf,
  yOf,
} from '../../apps/web/src/memory/chart.ts';
import { paintMemory } from '../../apps/web/src/memory/paint-memory.ts';
import { createMemoryKeeper, type MemorySample } from '../../apps/web/src/memory/samples.ts';
import { createBoardMaker, rowsOfInstance } from '../../apps/web/src/timeline/rows.ts';
import type { TimeScale } from '../../apps/web/src/timeline/scale.ts';
import { paletteOf } from './support/palette-of.ts';
import { instanceId, tellStory } from './support/story.ts';

const scale: TimeScale = { startMs: 0, endMs: 10_000, widthPx: 1000 };
const sample = (ms: number, active: number, more: Partial<MemorySample> = {}): MemorySample => ({
  ...{ ms, active, cache: null, peak: null, limit: null },
  ...more,
});
const chartOf = (samples: readonly MemorySample[], endedMs: number | null = null): MemoryChart => {
  const [row] = createBoardMaker()(tellStory({ ranks: 1, missing: null, stuckSeconds: 1, nowMs: 1e12 })).rows;
  if (!row) throw new Error('one rank was told');
  return { row, samples, endedMs };
};

test('memory goes in steps: a value holds until the next snapshot, and the last until now', () => {
  const steps = stepsOf(chartOf([sample(1000, 40), sample(3000, 80)]), 'active', scale, 9000, 100);
  expect(steps.map(({ x }) => x)).toEqual([100, 300, 300, 900]);
  expect(steps.map(({ y }) => y)).toEqual([40, 40, 80, 80].map((bytes) => yOf(bytes, 100)));
});

test('what was before the window is held into it, and nothing beyond the end of the process', () => {
  const steps = stepsOf(chartOf([sample(-9000, 10), sample(-5000, 40)], 6000), 'active', scale, 9000, 100);
  expect(steps.map(({ x }) => x)).toEqual([0, 600]);
  expect(stepsOf(chartOf([sample(7000, 40)]), 'cache', scale, 9000, 100)).toEqual([]);
});

test('it is said when the last values are only held', () => {
  expect(heldTexts(chartOf([sample(1000, 1)]), 4000)).toEqual([]);
  expect(heldTexts(chartOf([sample(1000, 1)]), 44_100)[0]).toBe('no snapshot for 43 s: the last values are held');
  expect(heldTexts(chartOf([sample(1000, 1)], 5000), 44_100)).toEqual([]);
});

test('the words stand where no line runs', () => {
  const plates: { text: string; y: number }[] = [];
  const kept = {
    fillText: (text: string, _x: number, y: number) => plates.push({ text, y }),
    measureText: (text: string) => ({ width: text.length * 6 }),
  };
  const brush = new Proxy(kept, { get: (target, key) => Reflect.get(target, key) ?? (() => {}) });
  const chart = chartOf([sample(1000, 60, { cache: 5, peak: 62 })]);
  const picture = { charts: [chart], scale, nowMs: 9000, cursorMs: null };
  paintMemory(brush as unknown as Parameters<typeof paintMemory>[0], picture, paletteOf('dark'));
  const held = plates.find(({ text }) => text === 'no snapshot for 8 s: the last values are held');
  expect(held, JSON.stringify(plates)).toBeDefined();
  const { topBytes } = axisOf(chart.samples);
  for (const bytes of [60, 5, 62]) expect(Math.abs((held?.y ?? 0) - yOf(bytes, topBytes))).toBeGreaterThan(9);
});

test('the axis is round, and a limit far above leaves the line its height', () => {
  expect(axisOf([sample(0, 134.6e6)]).ticks.map(({ text }) => text)).toEqual(['0', '50', '100', '150 MB']);
  expect(axisOf([sample(0, 21e9, { limit: 48e9 })]).ticks.map(({ text }) => text)).toEqual(['0', '20', '40', '60 GB']);
  expect(axisOf([sample(0, 21e6, { limit: 48e9 })]).topBytes).toBe(30e6);
});

test('snapshots that reports bring one by one are kept, each once', () => {
  const keep = createMemoryKeeper();
  for (const nowMs of [1e12, 1e12, 1e12 + 1000])
    keep(tellStory({ ranks: 1, missing: null, stuckSeconds: 1, nowMs }).timeline);
  const [samples] = [...keep(tellStory({ ranks: 1, missing: null, stuckSeconds: 1, nowMs: 1e12 }).timeline).values()];
  const times = samples?.map(({ ms }) => ms) ?? [];
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  expect(times).toEqual(expect.arrayContaining([1e12, 1e12 + 1000]));
});

test('of many ranks the one that is not there and the one looked at have charts', () => {
  const board = createBoardMaker()(tellStory({ ranks: 12, missing: 9, stuckSeconds: 5, nowMs: 1e12 }));
  const rows = rowsOfInstance(board, instanceId);
  const focused = rows.find(({ rank }) => rank === 7)?.key ?? null;
  const shown = chartsOf(rows, board.memory, focused).map(({ row }) => row.rank);
  expect(shown).toHaveLength(maxCharts);
  expect(shown).toEqual(expect.arrayContaining([7, 9]));
});
