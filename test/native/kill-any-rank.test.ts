import type { RingEntry } from '@rankscope/flight-recorder';
import { expect, test } from 'vitest';
import type { NativePlan } from '../../native/lib/index.ts';
import { RankFailure, sleep, startLoadedRanks, within } from './support/ranks.ts';

const count = Int32Array.of(3, 203, 39, 287, 82, 88, 18, 1, 203, 4, 203); // "Count.": 270 tokens, long enough to be hit

/** The collectives of a ring that were entered and never left. */
function openCollectives(entries: readonly RingEntry[]): readonly string[] {
  const open = new Map<string, string>();
  for (const entry of entries) {
    if (entry.op === null) continue;
    const site = `${entry.op} ${entry.peer ?? ''} ${entry.barrierSeq}`;
    if (entry.event === 'collective_enter') open.set(site, site);
    else open.delete(site);
  }
  return [...open.keys()];
}

const cases: readonly (readonly [NativePlan, number])[] = [
  ['pipeline', 2],
  ['tensor', 2],
  ['pipeline', 3],
];

for (const [plan, world] of cases) {
  test(`${plan} over ${world}: when any rank is killed, each of the others says so within a second`, async () => {
    for (let victim = 0; victim < world; victim++) {
      const ranks = await startLoadedRanks({ world, plan });
      const answers = ranks.map((rank) => rank.generate({ tokens: count, maxTokens: 400 }));
      // At a moment nobody chose, in prefill or while decoding.
      await sleep(20 + Math.random() * 150);
      ranks[victim]?.child.kill('SIGKILL');
      const killedAt = performance.now();
      const survivors = ranks.filter((rank) => rank.rank !== victim);
      for (const { rank, ringPath } of survivors) {
        const failure = await within(
          5000,
          `rank ${rank}'s rejection, ring ${ringPath}`,
          answers[rank]?.then(
            () => null,
            (e: unknown) => e,
          ) ?? Promise.resolve(null),
        );
        expect(failure, `rank ${rank}`).toBeInstanceOf(RankFailure);
        expect(failure).toMatchObject({ name: 'PeerLostError' });
      }
      expect(performance.now() - killedAt).toBeLessThan(1000);
      for (const rank of survivors) {
        const entries = rank.entries();
        const failed = entries.filter((entry) => entry.event === 'collective_failed');
        expect(failed, 'the one that failed is named').toHaveLength(1);
        expect(openCollectives(entries)).toEqual([]);
        // One strike: nothing is tried on a broken group, and it says so at once.
        await expect(rank.generate({ tokens: count, maxTokens: 1 })).rejects.toMatchObject({ name: 'PeerLostError' });
      }
      // What the dead one left: it died inside a collective, or between two, and its ring says which.
      const dead = ranks[victim]?.entries() ?? [];
      expect(openCollectives(dead).length).toBeLessThanOrEqual(1);
      for (const rank of ranks) rank.child.kill('SIGKILL');
    }
  });
}
