import type { EngineOptions } from '../../../native/lib/index.ts';
import { type Rank, startLoadedRanks } from './ranks.ts';
import { type Rule, until, without } from './rules-off.ts';

export const countPrompt = Int32Array.of(3, 203, 39, 287, 82, 88, 18, 1, 203, 4, 203); // "Count.": 270 tokens

/** Two tensor ranks in a request: one was told to hang before its next collective, the other waits for it in there. */
export interface StuckPair {
  readonly waiting: Rank;
  readonly silent: Rank;
  readonly answers: readonly [waiting: Promise<unknown>, silent: Promise<unknown>];
}

export interface StuckPairOptions {
  readonly rules?: readonly Rule[];
  readonly engine?: Partial<EngineOptions>;
  readonly phase?: number;
  readonly after?: number;
}

export async function startStuckPair({ rules = [], engine = {}, phase = 0, after = 12 }: StuckPairOptions = {}) {
  const variant = rules.length > 0 ? without(...rules) : {};
  const ranks = await startLoadedRanks({ world: 2, plan: 'tensor', ...variant, engine });
  const [waiting, silent] = ranks;
  if (waiting === undefined || silent === undefined) throw new Error('two ranks were asked for');
  await silent.call({ call: 'inject', kind: 1, phase, after, delayMs: 0 });
  const request = { tokens: countPrompt, maxTokens: 400 };
  const pair: StuckPair = { waiting, silent, answers: [waiting.generate(request), silent.generate(request)] };
  await until('one waiting for the other', 10_000, () => waitsFor(waiting, silent));
  return pair;
}

/** The one has entered the collective after the other's last, and the other was struck before it. */
function waitsFor(waiting: Rank, silent: Rank): boolean {
  const theirs = silent.entries();
  if (!theirs.some((entry) => entry.event === 'fault_injected')) return false;
  const mine = waiting.entries().findLast((entry) => entry.op !== null);
  const last = theirs.findLast((entry) => entry.op !== null);
  return mine?.event === 'collective_enter' && mine.barrierSeq === (last?.barrierSeq ?? -1) + 1;
}
