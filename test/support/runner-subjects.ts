import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FromRunner } from '@rankscope/schema';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { doneOf, isToken, makeTask, type RankGroup, startRanks } from './runner-harness.ts';

const addon = fileURLToPath(new URL('../../build/native/rankscope.node', import.meta.url));
export const tinyModel = fileURLToPath(new URL('../../native/models/tiny', import.meta.url));
export const nativeIsBuilt = existsSync(addon);

export interface Subject {
  readonly name: string;
  readonly start: { readonly engine: 'mlx' | 'simulated'; readonly modelDir: string };
  readonly ask: string;
  readonly answer: string;
  /** Its answer takes seconds. */
  readonly askLong: string;
  /** A piece of the answer to `ask`, and what stands before it. */
  readonly stop: { readonly at: string; readonly before: string };
}

const subjects: readonly Subject[] = [
  {
    name: 'simulated',
    start: { engine: 'simulated', modelDir: 'simulated?tokenMs=10' },
    ask: 'Who is late?',
    answer:
      'No model was asked for this answer, yet every rank of the group waited for the others, agreed on each word and went on: Ω. ',
    askLong: 'Count.',
    stop: { at: ', yet', before: 'No model was asked for this answer' },
  },
  {
    name: 'MLX, tiny',
    start: { engine: 'mlx', modelDir: tinyModel },
    ask: 'Who is late?',
    answer: 'Rank one is late: the others wait for it at the barrier.',
    askLong: 'Count.',
    stop: { at: ': the', before: 'Rank one is late' },
  },
];

type Done = Extract<FromRunner, { type: 'done' }>;

/** Two ranks that are ready, and what a test does with them. */
export interface Pair extends Subject {
  readonly group: () => RankGroup;
  /** Gives both ranks a task. */
  readonly submit: typeof makeTask;
  readonly allDone: (taskId: string) => Promise<Done[]>;
  /** Until the sampling rank has said so many tokens. */
  readonly untilTokens: (count: number) => Promise<unknown>;
}

/** The same tests on both engines; MLX's are skipped, with the reason, where the native core is not built. */
export function describeTwoRanks(what: string, tests: (pair: Pair) => void): void {
  for (const subject of subjects) {
    if (subject.start.engine === 'mlx' && !nativeIsBuilt) {
      test.skip(`${what}, ${subject.name}: the native core is not built, run \`npm run native\``, () => undefined);
      continue;
    }
    describe(`${what}, ${subject.name}`, () => {
      let started: RankGroup;
      beforeEach(async () => {
        started = await startRanks({ ...subject.start, worldSize: 2 });
        await started.untilReady();
      });
      afterEach(() => started.close());
      tests({
        ...subject,
        group: () => started,
        submit: (...args) => {
          const task = makeTask(...args);
          started.sendAll({ type: 'task', task });
          return task;
        },
        allDone: (taskId) => Promise.all(started.ranks.map((rank) => rank.until('done', doneOf(taskId)))),
        untilTokens: (count) => {
          const sampling = started.rank(0);
          const enough = () => sampling.messages.filter(isToken).length >= count;
          return sampling.until(
            `${count} tokens`,
            (message): message is typeof message => isToken(message) && enough(),
          );
        },
      });
    });
  }
}
