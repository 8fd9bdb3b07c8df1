import { describe, expect, test } from 'vitest';
import { drawKill, randomFrom } from '../support/kill-moments.ts';
import { killARankOfAPlane } from '../support/kill-planes.ts';
import { killARunner } from '../support/kill-runners.ts';
import { bound, type KillOutcome, killSubjects } from '../support/kill-subjects.ts';
import { nativeIsBuilt } from '../support/runner-subjects.ts';

// Kills at random moments of an answer, any rank. Of every kill: the others are gone within a second, none is stuck,
// each recorded why, and the last slots say whether it fell inside an open collective. Most kills hit runners without a
// plane, which start sooner; those that hit a plane's ranks show what timeline, analysis and the client say besides.

const seed = Number(process.env.RANKSCOPE_TEST_SEED ?? Date.now() % 2 ** 32);
const insideGoal = 0.8;

describe.skipIf(!nativeIsBuilt)('kill -9 of any rank (skipped where the native core is not built)', () => {
  const all: KillOutcome[] = [];

  test.for(killSubjects)(
    '$name: any rank is killed, no other is stuck, and each records why',
    async (subject, { skip }) => {
      const { name, runnerKills, planeKills, modelDir } = subject;
      skip(modelDir === null, `${name} is not in the cache; run \`node apps/cli/bootstrap/models.mjs\``);
      const random = randomFrom(seed + killSubjects.indexOf(subject));
      const outcomes: KillOutcome[] = [];
      for (let kill = 0; kill < runnerKills + planeKills; kill += 1) {
        const order = drawKill(random, subject.worldSize, subject.mostTokens);
        outcomes.push(await (kill < runnerKills ? killARunner : killARankOfAPlane)(subject, order));
      }
      all.push(...outcomes);
      console.log(`${describeKills(name, outcomes)}; RANKSCOPE_TEST_SEED=${seed}`);
      expect(Math.max(...outcomes.flatMap(({ survivorMs }) => survivorMs))).toBeLessThan(bound.survivorMs);
      expect(
        share(outcomes, ({ decoding }) => decoding),
        'an answer was being decoded',
      ).toBe(1);
    },
  );

  test('most of these kills fell inside an open collective', () => {
    console.log(describeKills('all', all));
    expect(share(all, isInside)).toBeGreaterThanOrEqual(insideGoal);
  });
});

const isInside = ({ insideVictim, insideSurvivor }: KillOutcome) => insideVictim || insideSurvivor;

const share = (outcomes: readonly KillOutcome[], holds: (outcome: KillOutcome) => boolean) =>
  outcomes.filter(holds).length / outcomes.length;

function describeKills(name: string, outcomes: readonly KillOutcome[]): string {
  const percent = (holds: (outcome: KillOutcome) => boolean) => `${Math.round(share(outcomes, holds) * 100)} %`;
  const ms = outcomes.flatMap(({ survivorMs }) => survivorMs).toSorted((a, b) => a - b);
  return (
    `${name}: ${outcomes.length} kills, victims ${outcomes.map(({ victim }) => victim).join('')}, ` +
    `inside a collective ${percent(isInside)} (the victim itself ${percent(({ insideVictim }) => insideVictim)}), ` +
    `the others gone after p50 ${ms[Math.floor(ms.length / 2)]?.toFixed(0)} ms, max ${ms.at(-1)?.toFixed(0)} ms`
  );
}
