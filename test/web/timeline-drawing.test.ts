import { runnerPhases } from '@rankscope/schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Brush } from '../../apps/web/src/timeline/brush.ts';
import { layout } from '../../apps/web/src/timeline/layout.ts';
import { outranks, runsOf } from '../../apps/web/src/timeline/lod.ts';
import { paint } from '../../apps/web/src/timeline/paint.ts';
import type { PhaseSpan, Row } from '../../apps/web/src/timeline/row.ts';
import { type TimeScale, ticksOf, xOf } from '../../apps/web/src/timeline/scale.ts';
import { paletteOf } from './support/palette-of.ts';

const scale: TimeScale = { startMs: 0, endMs: 1000, widthPx: 200 };

const row = (spans: readonly PhaseSpan[], change: Partial<Row> = {}): Row => ({
  ...{ key: 'r0', runnerId: 'r0', instanceId: 'i', rank: 0, nodeName: 'n', phase: null, gaps: [], sites: [], spans },
  ...{ state: { kind: 'reporting' }, standing: { kind: 'none' } },
  ...change,
});

interface Call {
  readonly fill: string;
  readonly rect: readonly [number, number, number, number];
}

/** Keeps the rectangles and the texts; everything else of a canvas is swallowed. */
function listBrush() {
  const rects: Call[] = [];
  const texts: string[] = [];
  const kept = {
    fillStyle: '',
    fillRect: (...rect: [number, number, number, number]) => rects.push({ fill: kept.fillStyle, rect }),
    fillText: (text: string) => texts.push(text),
    measureText: (text: string) => ({ width: text.length * 6 }),
    createLinearGradient: () => ({ addColorStop: () => {} }),
  };
  const brush = new Proxy(kept, { get: (target, key) => Reflect.get(target, key) ?? (() => {}) });
  return { brush: brush as unknown as Brush & { translate(x: number, y: number): void }, rects, texts };
}

/** Consecutive spans from lengths; the last stays open now and then. */
const spansOf = fc
  .array(
    fc.record({
      phase: fc.constantFrom(...runnerPhases),
      length: fc.oneof(
        fc.constant(0),
        fc.double({ min: 0, max: 4, noNaN: true }),
        fc.double({ min: 0, max: 150, noNaN: true }),
      ),
      gap: fc.constantFrom(0, 0, 7),
    }),
    { maxLength: 300 },
  )
  .map((parts) => {
    let at = -100;
    return parts.map(({ phase, length, gap }): PhaseSpan => {
      const startMs = at + gap;
      at = startMs + length;
      return { phase, startMs, endMs: at };
    });
  });

test('level of detail shows in every pixel what looking at every slice would show', () => {
  fc.assert(
    fc.property(spansOf, (spans) => {
      const painted: (string | null)[] = Array.from({ length: scale.widthPx }, () => null);
      for (const { phase, x, width } of runsOf(spans, scale, 1000)) painted.fill(phase, x, x + width);
      const expected = painted.map((_, column) => {
        const touching = spans.map((span) => ({
          span,
          left: Math.round(xOf(scale, span.startMs)),
          right: Math.round(xOf(scale, span.endMs ?? 1000)),
        }));
        const narrow = touching.filter(({ left, right }) => right === left && left === column).map(({ span }) => span);
        const best = narrow.reduce<PhaseSpan | null>(
          (winner, span) => (winner === null || outranks(span, winner, 1000) ? span : winner),
          null,
        );
        return (best ?? touching.find(({ left, right }) => left <= column && column < right)?.span)?.phase ?? null;
      });
      expect(painted).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});

test('an error of a microsecond is seen among an hour of decoding', () => {
  const spans = Array.from(
    { length: 5000 },
    (_, n): PhaseSpan => ({
      phase: n === 2500 ? 'error' : 'decode_stream',
      startMs: n / 5,
      endMs: n / 5 + (n === 2500 ? 0.001 : 0.2),
    }),
  );
  const runs = runsOf(spans, scale, 1000);
  expect(runs.filter(({ phase }) => phase === 'error')).toHaveLength(1);
  expect(runs.length).toBeLessThanOrEqual(2 * scale.widthPx + 2);
});

test('a phase too short to see is one pixel wide, and one that hides others says how many', () => {
  const spans = [0, 0.1, 0.2].map((startMs): PhaseSpan => ({ phase: 'parser', startMs, endMs: startMs + 0.1 }));
  expect(runsOf(spans, scale, 1000)).toMatchObject([{ phase: 'parser', x: 0, width: 1, hidden: 2 }]);
});

test('what is painted is what was laid out, in the palette of the theme', () => {
  const palette = paletteOf('dark');
  const rows = [
    row([
      { phase: 'prompt_build', startMs: 100, endMs: 300 },
      { phase: 'idle', startMs: 300, endMs: null },
    ]),
  ];
  const scenes = layout(rows, scale, 1000);
  const { brush, rects, texts } = listBrush();
  paint(
    brush,
    { scenes, scale, nowMs: 1000, staleSeconds: 0, cursorMs: null, selected: null, focusedKey: null },
    palette,
  );
  expect(rects).toContainEqual({ fill: palette.phase('prompt_build'), rect: [20, 6, 40, 28] });
  expect(rects).toContainEqual({ fill: palette.phase('idle'), rect: [60, 16, 140, 8] });
  expect(texts).toContain('Pb');
  expect(texts.some((text) => text.includes('0.7 s'))).toBe(true);
});

test('every state of a lane says in words what it is', () => {
  const wide: TimeScale = { ...scale, widthPx: 900 };
  const lanes: [Partial<Row>, string][] = [
    [{ state: { kind: 'never_reported' } }, 'rank 0 never reported'],
    [{ state: { kind: 'unreachable', sinceMs: 500, error: 'connection refused' } }, 'unreachable: connection refused'],
    [{ state: { kind: 'ended', atMs: 500, reason: 'ended: SIGKILL' } }, 'ended: SIGKILL'],
    [{ gaps: [{ startMs: 100, endMs: 700 }] }, '0.6 s not recorded'],
    [
      { standing: { kind: 'absent', texts: ['not there: left 412, has not entered 413'], sinceMs: 100 } },
      'not there: left 412, has not entered 413',
    ],
    [{ standing: { kind: 'inside', texts: ['inside all_sum 413'], sinceMs: 100 } }, 'inside all_sum 413'],
  ];
  for (const [change, words] of lanes) {
    const { brush, texts } = listBrush();
    const scenes = layout([row([{ phase: 'decode_stream', startMs: 0, endMs: null }], change)], wide, 990);
    paint(
      brush,
      { scenes, scale: wide, nowMs: 990, staleSeconds: 0, cursorMs: null, selected: null, focusedKey: null },
      paletteOf('light'),
    );
    expect(texts, words).toContain(words);
  }
});

test('labels of the axis are round moments that keep clear of each other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 86_400 }), fc.integer({ min: 260, max: 2000 }), (seconds, widthPx) => {
      const wide: TimeScale = { startMs: 1_795_364_619_123, endMs: 1_795_364_619_123 + seconds * 1000, widthPx };
      const { atMs, stepMs } = ticksOf(wide);
      expect(atMs.every((at) => at % stepMs === 0)).toBe(true);
      for (const [n, at] of atMs.slice(1).entries())
        expect(xOf(wide, at) - xOf(wide, atMs[n] ?? 0)).toBeGreaterThanOrEqual(87.9);
    }),
  );
});
