// P1: what recording costs of a token, in two ways. Counted: slots a token × ns a slot ÷ ms a token. And felt: recording
// is switched on and off every few tokens inside one answer, and each block is compared with its neighbour, because a
// machine's pace drifts more between two runs than recording costs.

import { findSmollm2 } from '../native/support/find-smollm2.ts';
import { randomFrom } from '../support/kill-moments.ts';
import { type SwitchedRanks, startSwitchedRanks } from './recording-cost-ranks.ts';
import { measureSlot } from './recording-cost-slot.ts';
import { type Figure, report } from './report.ts';

const pairs = 32;
/** The first token of a block is left out: it had begun before the switch was thrown. */
const blockTokens = 17;
const countedTokens = 64;
const lossGoal = 1.03;

if (process.platform !== 'linux') throw new Error('the switch inside the addon needs the linker of Linux');
const model = findSmollm2();
if (model === null) throw new Error('SmolLM2 is not in the cache; run `node apps/cli/bootstrap/models.mjs`');

const nsPerSlot = measureSlot();
const figures: Figure[] = [];
const remarks: string[] = [];
for (const [name, plan, world] of [
  ['one rank', 'single', 1],
  ['pipeline over 2', 'pipeline', 2],
] as const) {
  const ranks = await startSwitchedRanks(plan, world, model);
  const slots = await countSlots(ranks);
  const { ratios, msPerToken, recorded } = await compareBlocks(ranks);
  ranks.close();
  const expected = slots / 2;
  if (recorded < expected * 0.8 || recorded > expected * 1.2) {
    throw new Error(`${name}: ${recorded} slots a token with recording off half the time, ${slots} with it on`);
  }
  const share = ((slots * nsPerSlot) / (msPerToken * 1e6)) * 100;
  figures.push(
    { name: `${name}: slots × ns ÷ a token`, unit: '%', samples: [share], goal: 1, better: 'lower' },
    { name: `${name}: ms a token, on ÷ off`, unit: '×', samples: ratios, goal: lossGoal, better: 'lower' },
  );
  remarks.push(
    `${name}: ${slots.toFixed(1)} slots a token × ${nsPerSlot.toFixed(0)} ns ÷ ${msPerToken.toFixed(1)} ms a token = ` +
      `${share.toFixed(4)} %; on ÷ off median ${interval(ratios).text}, ${verdict(interval(ratios))}`,
  );
}
// Three ranks on two cores: how many slots they take is true everywhere, how long a token takes only here.
const tensor = await startSwitchedRanks('tensor', 3, model);
remarks.push(`tensor over 3: ${(await countSlots(tensor)).toFixed(1)} slots a token and rank (counted, not timed)`);
tensor.close();

report('recording-cost', `SmolLM2-135M f32, ${pairs} pairs of blocks of ${blockTokens - 1} tokens each`, figures);
for (const remark of remarks) console.log(remark);
process.exit();

/** Slots a token of the rank that takes most, its share of the prompt's slots included. */
async function countSlots(ranks: SwitchedRanks): Promise<number> {
  const before = ranks.slots();
  await ranks.generate(countedTokens);
  return Math.max(...ranks.slots().map((slots, rank) => slots - (before[rank] ?? 0))) / countedTokens;
}

/**
 * One answer; recording goes on off, off on, on off …: what drifts evenly falls on both alike. A block's pace is the
 * median of its tokens: when another process takes the machine, it falls on a few of them. A memory snapshot falls on
 * one in 64, so it is in the count of slots and not in this figure.
 */
async function compareBlocks(ranks: SwitchedRanks) {
  const blocks = 2 * pairs;
  const isOn = (block: number) => (block + Math.floor(block / 2)) % 2 === 0;
  const blockMs: number[] = [];
  let tokenMs: number[] = [];
  let lastMs = 0;
  const before = ranks.slots();
  // The block before the first is for warming up.
  await ranks.generate((blocks + 1) * blockTokens + 1, (index) => {
    const block = Math.floor(index / blockTokens) - 1;
    const within = index % blockTokens;
    const nowMs = performance.now();
    if (within !== 1) tokenMs.push(nowMs - lastMs);
    lastMs = nowMs;
    if (within !== 0) return;
    if (block > 0) blockMs.push(median(tokenMs));
    tokenMs = [];
    ranks.record(block < blocks && !isOn(block) ? 'nothing' : 'everything');
  });
  const tokens = (blocks + 1) * blockTokens;
  const recorded = Math.max(...ranks.slots().map((slots, rank) => slots - (before[rank] ?? 0))) / tokens;
  const ratios = Array.from({ length: pairs }, (_, pair) => {
    const [first = Number.NaN, second = Number.NaN] = blockMs.slice(2 * pair, 2 * pair + 2);
    return isOn(2 * pair) ? first / second : second / first;
  });
  return { ratios, recorded, msPerToken: median(blockMs) };
}

interface Interval {
  readonly low: number;
  readonly high: number;
  readonly text: string;
}

/** Of the median, by drawing the pairs again: 95 %. A machine that stalls now and then has means that say little. */
function interval(ratios: readonly number[]): Interval {
  const random = randomFrom(1);
  const draw = () => ratios[Math.floor(random() * ratios.length)] ?? Number.NaN;
  const medians = Array.from({ length: 10_000 }, () => median(ratios.map(draw))).toSorted((a, b) => a - b);
  const [low = Number.NaN, high = Number.NaN] = [medians[250], medians[9749]];
  return { low, high, text: `${median(ratios).toFixed(3)} (95 %: ${low.toFixed(3)} to ${high.toFixed(3)})` };
}

function verdict({ low, high }: Interval): string {
  if (high <= lossGoal) return 'a loss above 3 % is ruled out';
  if (low > lossGoal) return 'a loss above 3 % is shown';
  return 'noise decides: this machine cannot tell 3 % from nothing today';
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
