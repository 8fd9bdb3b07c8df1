import type { ShardPlan } from '@rankscope/schema';
import { findSmollm2 } from '../native/support/find-smollm2.ts';
import { tinyModel } from './runner-subjects.ts';

/** A model over ranks of which one is killed, again and again. */
export interface KillSubject {
  readonly name: string;
  /** What the plane calls the model, and where it lies; null when it was never fetched. */
  readonly model: 'tiny' | 'smollm2';
  readonly modelDir: string | null;
  readonly plan: ShardPlan;
  readonly worldSize: number;
  readonly samplingRank: number;
  /** Bare runners that are killed, and planes of which a rank is killed. */
  readonly runnerKills: number;
  readonly planeKills: number;
  readonly question: string;
  /** The answer is longer than this by so much that the kill falls into it. */
  readonly mostTokens: number;
  /**
   * How much later than the others rank 0 of the bare runners comes to each collective, as on machines of unequal speed.
   * Two equal ranks on one machine meet for microseconds and compute in between, so that a random moment would miss the
   * collective one time in three; there is nothing to learn from the ranks before the kill.
   */
  readonly straggleMs: number;
}

const tiny = { model: 'tiny', modelDir: tinyModel, question: 'Count.', mostTokens: 200, straggleMs: 0 } as const;

export const killSubjects: readonly KillSubject[] = [
  { ...tiny, name: 'tiny PP2', plan: 'pipeline', worldSize: 2, samplingRank: 1, runnerKills: 16, planeKills: 4 },
  {
    ...tiny,
    name: 'tiny TP2',
    plan: 'tensor',
    worldSize: 2,
    samplingRank: 0,
    runnerKills: 16,
    planeKills: 4,
    mostTokens: 60,
    straggleMs: 2,
  },
  {
    name: 'SmolLM2 TP3',
    model: 'smollm2',
    modelDir: findSmollm2(),
    question: 'Write the numbers from one to one hundred in words, one after the other.',
    mostTokens: 8,
    straggleMs: 0,
    plan: 'tensor',
    worldSize: 3,
    samplingRank: 0,
    runnerKills: 8,
    planeKills: 2,
  },
];

/** What one kill showed. */
export interface KillOutcome {
  readonly victim: number;
  readonly insideVictim: boolean;
  readonly insideSurvivor: boolean;
  readonly decoding: boolean;
  /** From the signal until the process of each of the others was gone. */
  readonly survivorMs: readonly number[];
}

/** Ranks share the cores of one machine: with a BLAS that takes all of them for each, a token takes several times as long. */
export const oneThreadEach = { OPENBLAS_NUM_THREADS: '1' } as const;

export const bound = { survivorMs: 1_000, reportMs: 2_000, stuckMs: 10_000 } as const;
