import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { openRingReader } from '@rankscope/flight-recorder';
import { afterEach, describe, expect, test } from 'vitest';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { analysisOf, chatBody, eventually, post, timelineOf } from '../support/plane-requests.ts';

const addon = resolve(import.meta.dirname, '../../build/native/rankscope.node');
const engines = [
  { engine: 'simulated', skip: false },
  { engine: 'mlx', skip: !existsSync(addon) },
];
/** What a slot alone can hold. */
const slotTextBytes = 32;

for (const { engine, skip } of engines) {
  if (skip) console.warn(`skipped: no native core at ${addon}; npm run native builds it`);
  describe.skipIf(skip)(`the timeline of a failed ${engine} rank`, () => {
    let plane: StartedPlane | null = null;
    afterEach(() => plane?.stop());

    test('says why in whole sentences, by the rank’s own word and by its supervisor’s', async () => {
      plane = await startPlane({ args: ['--engine', engine, '--model', 'tiny', '--ranks', '2', '--plan', 'pipeline'] });
      const { url, dataDir } = plane;
      await post(`${url}/v1/diagnostics/node/inject`, { kind: 'error', rank: 1 });
      await post(`${url}/v1/chat/completions`, chatBody({ max_tokens: 8 }));
      const { runners } = await eventually(
        () => analysisOf(url),
        (now) => now.runners.every(({ exitCode }) => exitCode !== null),
      );
      const message = runners[1]?.errorMessage ?? '';
      expect(message.length, message).toBeGreaterThan(slotTextBytes);

      const { timeline } = await timelineOf(url);
      const failed = timeline.filter(({ deviceRank }) => deviceRank === 1);
      const own = failed.filter(({ event, attrs }) => event === 'error' && attrs.source === undefined);
      expect(own.map(({ phase, detail }) => [phase, detail])).toEqual([['error', `injected: ${message}`]]);
      const thrown = failed.find(({ event }) => event === 'exception');
      expect(thrown?.detail).toContain(message);
      const supervised = failed.find(({ event }) => event === 'process_exited');
      // The message itself, or what its log said last when its word to the plane was read a moment after its end.
      expect(supervised?.detail).toMatch(/^rank 1 \(pid \d+\) exited with code \d+: .{8}/);
      expect(supervised?.detail?.length).toBeGreaterThan(slotTextBytes);
      expect(supervised?.attrs).toMatchObject({ source: 'supervisor', exitCode: runners[1]?.exitCode });
      expect(timeline.filter(({ detail }) => detail?.endsWith('…'))).toEqual([]);

      const ring = openRingReader(`${dataDir}/runners/${runners[1]?.runnerId}.ring`);
      expect(ring.state().strings).toMatchObject({ bytes: 256 * 1024, lost: 0 });
      ring.close();
    });
  });
}
