import { isDeepStrictEqual } from 'node:util';
import type { ClusterTimeline } from '@rankscope/schema';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createPlaneCluster, idOf, type PlaneCluster } from '../support/plane-cluster.ts';
import type { StartedPlane } from '../support/plane-harness.ts';
import { analysisOf, chatBody, eventually, post, timelineOf } from '../support/plane-requests.ts';
import { nativeIsBuilt } from '../support/runner-subjects.ts';

/** Within so many milliseconds of the loss of a node its silence is said, and what it last said stands beside it. */
const saidWithinMs = 3_000;
const ranks = ['--model', 'tiny', '--ranks', '2'];

let cluster: PlaneCluster;
beforeEach(() => {
  cluster = createPlaneCluster();
});
afterEach(() => cluster.close());

/** An answer of the plane's own ranks that is being read when this resolves, and that takes its time: one rank is late. */
async function startDecoding(plane: StartedPlane): Promise<string> {
  await post(`${plane.url}/v1/diagnostics/node/inject`, { kind: 'delay', rank: 1, delayMs: 40, at: 'decode_barrier' });
  const response = await post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: 400, stream: true }));
  const reader = response.body?.getReader();
  for (let chunks = 0; chunks < 8; chunks += 1) await reader?.read();
  return response.headers.get('x-rankscope-command-id') ?? '';
}

const ranksOf = ({ runners }: ClusterTimeline, nodeId: string) => runners.filter((runner) => runner.nodeId === nodeId);
const keysOf = ({ timeline }: ClusterTimeline) =>
  timeline.map(({ runnerId, attrs }) => `${runnerId} ${attrs.source ?? 'own'} ${attrs.seq}`);

describe.skipIf(!nativeIsBuilt)(
  'three planes, two real ranks on two of them (skipped where the native core is not built)',
  () => {
    test('a node is killed in the middle of decoding: it is said in time, its last words stay, and nothing is double', async () => {
      const leader = await cluster.start('leader');
      const lost = await cluster.join('lost', leader.url, { args: ranks });
      const survivor = await cluster.join('survivor', leader.url, { args: ranks });
      const [lostId, survivorId] = await Promise.all([idOf(lost), idOf(survivor)]);
      const started = await eventually(
        () => timelineOf(leader.url),
        ({ runners }) => runners.length === 4,
      );
      const commandId = await startDecoding(lost);
      // Its words are old by as much as the tail is behind: the kill falls into what the leader has heard of.
      await eventually(
        () => timelineOf(leader.url, `?commandId=${commandId}`),
        ({ timeline }) => timeline.length > 40 && timeline.some(({ phase }) => phase === 'decode_barrier'),
      );
      const pids = ranksOf(started, lostId).flatMap(({ pid }) => pid ?? []);
      expect(pids).toHaveLength(2);

      const killedMs = performance.now();
      for (const pid of [lost.pid, ...pids]) process.kill(pid, 'SIGKILL');
      const silent = ({ unreachableNodes, runners }: ClusterTimeline) =>
        unreachableNodes.some(({ nodeId }) => nodeId === lostId) &&
        runners.filter(({ nodeId }) => nodeId === lostId).length === 2;
      await Promise.all(
        [leader, survivor].map((plane) => eventually(() => timelineOf(plane.url), silent, saidWithinMs)),
      );
      expect(performance.now() - killedMs).toBeLessThan(saidWithinMs);
      // The last that was heard may still have been on its way to the store when the first of them was asked.
      const { byLeader, bySurvivor } = await eventually(
        async () => ({ byLeader: await timelineOf(leader.url), bySurvivor: await timelineOf(survivor.url) }),
        (by) => isDeepStrictEqual(ranksOf(by.byLeader, lostId), ranksOf(by.bySurvivor, lostId)),
      );

      const lastWords = ranksOf(byLeader, lostId);
      for (const { phase, activeCommandId } of lastWords)
        expect([phase, activeCommandId]).toEqual([expect.stringMatching(/^decode_/), commandId]);
      const entries = byLeader.timeline.filter(({ nodeId }) => nodeId === lostId);
      expect(entries.filter((entry) => entry.commandId === commandId).length).toBeGreaterThan(20);
      expect(lastWords).toHaveLength(2);
      expect(ranksOf(bySurvivor, survivorId)).toHaveLength(2);
      const stale = (await analysisOf(leader.url)).runners.map(({ nodeId, stale: is }) => [nodeId, is]);
      expect(stale.toSorted()).toEqual(
        [
          [lostId, true],
          [lostId, true],
          [survivorId, false],
          [survivorId, false],
        ].toSorted(),
      );

      const again = await cluster.join('lost', leader.url, { args: ranks });
      expect(await idOf(again)).toBe(lostId);
      const healed = await eventually(
        () => timelineOf(leader.url),
        ({ unreachableNodes, runners }) => unreachableNodes.length === 0 && runners.length === 4,
      );
      const before = new Set(lastWords.map(({ runnerId }) => runnerId));
      expect(ranksOf(healed, lostId).filter(({ runnerId }) => before.has(runnerId))).toEqual([]);
      const whole = await timelineOf(leader.url, `?limit=65536&commandId=${commandId}&since=${entries[0]?.at}`);
      const keys = keysOf(whole);
      expect(keys.length).toBeGreaterThan(20);
      expect(new Set(keys).size, 'entries that stand twice').toBe(keys.length);
    });

    test('the leader is killed: the joined planes go on and say so; it comes back and its store goes on', async () => {
      const leader = await cluster.start('leader');
      const port = new URL(leader.url).port;
      const first = await cluster.join('first', leader.url, { args: ranks });
      const second = await cluster.join('second', leader.url);
      const [leaderId, firstId] = await Promise.all([idOf(leader), idOf(first)]);
      await eventually(
        () => timelineOf(leader.url),
        ({ runners }) => runners.length === 2,
      );
      const commandId = await startDecoding(first);
      const before = await eventually(
        () => timelineOf(leader.url, `?limit=65536&commandId=${commandId}`),
        ({ timeline }) => timeline.length > 200,
      );
      await cluster.kill(leader);
      for (const plane of [first, second]) {
        const alone = await eventually(
          () => timelineOf(plane.url),
          ({ unreachableNodes }) => unreachableNodes.some(({ nodeId }) => nodeId === leaderId),
          saidWithinMs,
        );
        expect(ranksOf(alone, firstId)).toHaveLength(2);
      }
      const back = await cluster.start('leader', { args: ['--no-model', '--port', port] });
      const since = before.timeline[0]?.at ?? '';
      const kept = await eventually(
        () => timelineOf(back.url, `?limit=65536&since=${since}`),
        ({ timeline, runners }) => runners.length === 2 && timeline.length >= before.timeline.length,
      );
      const keys = keysOf(kept);
      expect(new Set(keys).size, 'entries that stand twice').toBe(keys.length);
      const held = new Set(keys);
      expect(
        keysOf(before).filter((key) => !held.has(key)),
        'entries that were there before the leader was killed',
      ).toEqual([]);
      for (const [, numbers] of Map.groupBy(
        kept.timeline.filter(({ attrs }) => attrs.source === undefined),
        ({ runnerId }) => runnerId,
      )) {
        const seqs = numbers.flatMap(({ attrs }) => (typeof attrs.seq === 'number' ? [attrs.seq] : []));
        seqs.sort((a, b) => a - b);
        const first = seqs[0] ?? 0;
        const missing = Array.from(seqs, (_, at) => first + at).filter((seq) => !seqs.includes(seq));
        expect(missing, 'numbers that the store does not have').toEqual([]);
      }
    });
  },
);
