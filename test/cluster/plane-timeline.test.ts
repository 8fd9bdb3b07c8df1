import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ClusterTimelineWritten } from '@rankscope/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { publishedFaults } from '../support/plane-published-shape.ts';
import { analysisOf, chatBody, post, timelineOf } from '../support/plane-requests.ts';

const addon = resolve(import.meta.dirname, '../../build/native/rankscope.node');
const engines = [
  { engine: 'simulated', skip: false },
  { engine: 'mlx', skip: !existsSync(addon) },
];

for (const { engine, skip } of engines) {
  if (skip) console.warn(`skipped: no native core at ${addon}; npm run native builds it`);
  describe.skipIf(skip)(`the timeline of two ${engine} ranks`, () => {
    let plane: StartedPlane;
    beforeAll(async () => {
      plane = await startPlane({ args: ['--engine', engine, '--model', 'tiny', '--ranks', '2', '--plan', 'pipeline'] });
      const answer = await post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: 8 }));
      expect(answer.status, await answer.clone().text()).toBe(200);
    });
    afterAll(() => plane?.stop());

    test('is of the shape that we write, and of the shape that was published', async () => {
      const timeline = await timelineOf(plane.url);
      expect(ClusterTimelineWritten.safeParse(timeline).error?.issues ?? []).toEqual([]);
      expect(publishedFaults(timeline)).toEqual([]);
      expect(timeline.runners).toHaveLength(2);
      expect(timeline.timeline.length).toBeGreaterThan(20);
    });

    test('is sorted, and both ranks passed the phases of an answer', async () => {
      const { timeline } = await timelineOf(plane.url);
      const times = timeline.map(({ at }) => at);
      expect(times).toEqual([...times].sort());
      for (const rank of [0, 1]) {
        const phases = new Set(timeline.filter(({ deviceRank }) => deviceRank === rank).map(({ phase }) => phase));
        expect([...phases]).toEqual(
          expect.arrayContaining(['created', 'connect_group', 'load_model', 'idle', 'decode_barrier', 'completion']),
        );
      }
    });

    test('both ranks left the same last collective, and are idle', async () => {
      const { runners } = await analysisOf(plane.url);
      expect(runners[0]?.lastLeft).toBeGreaterThan(0);
      expect(runners[0]?.lastLeft).toBe(runners[1]?.lastLeft);
      expect(runners.map(({ openSite }) => openSite)).toEqual([null, null]);
    });

    test('says so when it does not hold all', async () => {
      const whole = await fetch(`${plane.url}/v1/diagnostics/cluster/timeline?limit=65536`);
      expect(whole.headers.get('x-rankscope-truncated')).toBeNull();
      const cut = await fetch(`${plane.url}/v1/diagnostics/cluster/timeline?limit=5`);
      expect(cut.headers.get('x-rankscope-truncated')).toMatch(/5/);
      const { timeline } = (await cut.json()) as { timeline: unknown[] };
      expect(timeline).toHaveLength(10);
    });

    test('can be asked for one command', async () => {
      const answer = await post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: 2 }));
      const commandId = answer.headers.get('x-rankscope-command-id');
      await answer.text();
      const { timeline } = await timelineOf(plane.url, `?commandId=${commandId}`);
      expect(timeline.length).toBeGreaterThan(4);
      expect(new Set(timeline.map((entry) => entry.commandId))).toEqual(new Set([commandId]));
    });
  });
}
